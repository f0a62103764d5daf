"""A process that is configured wrongly names the variable, and shows no secret."""

from __future__ import annotations

from typing import Self

import pytest
from pydantic import model_validator

from common.settings import (
    WRONG_SETTINGS,
    DatabaseSettings,
    EdgeSettings,
    KafkaSettings,
    ProcessSettings,
    Settings,
    TokenSettings,
    load_settings,
    variables,
)


class Pair(Settings):
    """Two variables that need each other."""

    left: str | None = None
    right: str | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.left is None) != (self.right is None):
            raise ValueError("CUESTREAM_LEFT and CUESTREAM_RIGHT belong together")
        return self


class Everything(KafkaSettings, DatabaseSettings, EdgeSettings, TokenSettings):
    """All of the library's."""


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, _ in variables(Everything):
        monkeypatch.delenv(variable, raising=False)


def refusal(cls: type[Settings], capsys: pytest.CaptureFixture[str]) -> list[str]:
    with pytest.raises(SystemExit) as ended:
        load_settings(cls)
    assert ended.value.code == WRONG_SETTINGS
    return capsys.readouterr().err.splitlines()


def test_every_missing_variable_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    said = refusal(Everything, capsys)

    assert sorted(line.partition(":")[0] for line in said) == [
        "CUESTREAM_TOKEN_SECRETS",
        "DATABASE_URL",
        "KAFKA_BOOTSTRAP_SERVERS",
    ]


def test_variables_that_need_each_other_are_named_together(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CUESTREAM_LEFT", "1")

    assert refusal(Pair, capsys) == [
        "Value error, CUESTREAM_LEFT and CUESTREAM_RIGHT belong together"
    ]


def test_a_wrong_secret_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CUESTREAM_TOKEN_SECRETS", "too-short-4711")
    (said,) = refusal(TokenSettings, capsys)

    assert said.startswith("CUESTREAM_TOKEN_SECRETS: ")
    assert "4711" not in said


def test_secrets_are_a_list_with_the_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUESTREAM_TOKEN_SECRETS", f"{'n' * 16}, {'o' * 16}")
    newest, older = load_settings(TokenSettings).token_secrets

    assert newest.get_secret_value() == "n" * 16
    assert older.get_secret_value() == "o" * 16


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUESTREAM_PORT", "")

    assert load_settings(ProcessSettings).port == 8080


def test_a_database_url_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://role:hush@h/d")

    assert "hush" not in repr(load_settings(DatabaseSettings))


def test_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings(EdgeSettings).trusted_proxies == ()

    monkeypatch.setenv("CUESTREAM_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7,2001:db8::/32")
    found = load_settings(EdgeSettings).trusted_proxies

    assert [str(network) for network in found] == ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"]


@pytest.mark.parametrize("wrong", ["*", "balancer", "10.0.0.1/8", "10.0.0.0/8;fd00::/8"])
def test_what_is_no_proxys_address_is_refused(
    wrong: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CUESTREAM_TRUSTED_PROXIES", wrong)

    assert all(
        line.startswith("CUESTREAM_TRUSTED_PROXIES:") for line in refusal(EdgeSettings, capsys)
    )
