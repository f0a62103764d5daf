"""The command line: every process says by its exit code why it ended."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from common.errors import TransientError
from common.telemetry import running
from ingest import __main__ as command


def test_an_unknown_process_is_a_mistake_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(["dance"])

    assert caught.value.code == 2
    assert command.USAGE in capsys.readouterr().err


def test_migrating_a_database_that_is_away_ends_with_3(monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(_package: str, _url: str) -> None:
        raise TransientError("database_unavailable")

    def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            main().send(None)
        except TransientError as error:
            raise SystemExit(running.exit_code(error)) from error

    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@localhost:1/nothing")
    monkeypatch.setattr("common.postgres.migrate", away)
    monkeypatch.setattr(command, "run_process", run)
    with pytest.raises(SystemExit) as caught:
        command.main(["migrate"])

    assert caught.value.code == 3
