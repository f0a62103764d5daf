"""The command line: one process by name, and nothing without its settings."""

from __future__ import annotations

import pytest

from orchestrator.__main__ import main


def test_an_unknown_process_is_a_mistake_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["dance"])

    assert caught.value.code == 2
    assert "usage: python -m orchestrator consume|" in capsys.readouterr().err


@pytest.mark.parametrize("process", ["consume", "migrate"])
def test_a_process_without_its_settings_says_which_is_missing(
    process: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit) as caught:
        main([process])

    assert caught.value.code == 2
    assert "DATABASE_URL" in capsys.readouterr().err
