"""The command line: one process by name, and each says by its exit code why it ended."""

from __future__ import annotations

import inspect

import pytest

from ingest import __main__ as command


def test_an_unknown_process_is_a_mistake_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(["dance"])

    assert caught.value.code == 2
    assert command.USAGE in capsys.readouterr().err


@pytest.mark.parametrize("process", ["api", "resolve", "migrate"])
def test_a_process_without_its_settings_says_which_is_missing(
    process: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit) as caught:
        command.main([process])

    assert caught.value.code == 2
    assert (
        "DATABASE_URL" if process == "migrate" else "KAFKA_BOOTSTRAP"
    ) in capsys.readouterr().err


def test_every_process_is_run_where_the_exit_codes_are_known() -> None:
    # Only `run_process` turns a database or a Kafka that is away into a 3.
    assert "asyncio.run" not in inspect.getsource(command)
