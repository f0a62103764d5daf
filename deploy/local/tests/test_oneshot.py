"""A one-shot must succeed; what it could not reach may be there a moment later."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cuestream.failures import FindingError
from cuestream.settings import inherited_environment
from cuestream.stack.events import Event, Ready
from cuestream.stack.launch import Command
from cuestream.stack.oneshot import run_once
from cuestream.stack.watching import Watch

COUNTS = """
import pathlib, sys
mark = pathlib.Path(sys.argv[1])
tries = mark.read_text() + "." if mark.exists() else "."
mark.write_text(tries)
print("try", len(tries))
sys.exit(int(sys.argv[2]) if len(tries) < int(sys.argv[3]) else 0)
"""


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch()
    yield watch
    watch.close()


def ignored(event: Event) -> None:
    """Nobody looks."""


def counting(folder: Path, *, exit_code: int, until_try: int) -> Command:
    argv = (
        sys.executable,
        "-S",
        "-c",
        COUNTS,
        str(folder / "mark"),
        str(exit_code),
        str(until_try),
    )
    return Command(argv, folder / "it.log", inherited_environment())


async def test_what_could_not_be_reached_is_tried_again(tmp_path: Path, watch: Watch) -> None:
    told: list[Event] = []
    command = counting(tmp_path, exit_code=3, until_try=3)

    await run_once("it", command, watch, told.append, pauses=(0, 0, 0))

    assert [event.name for event in told if isinstance(event, Ready)] == ["it"]
    assert (tmp_path / "mark").read_text() == "..."


async def test_what_stays_away_fails_with_its_last_words(tmp_path: Path, watch: Watch) -> None:
    command = counting(tmp_path, exit_code=3, until_try=9)

    with pytest.raises(FindingError, match=r"it failed \(exit code 3\):(\ntry \d)+$"):
        await run_once("it", command, watch, ignored, pauses=(0, 0))


@pytest.mark.parametrize("exit_code", [1, 2])
async def test_any_other_failure_is_final(tmp_path: Path, watch: Watch, exit_code: int) -> None:
    command = counting(tmp_path, exit_code=exit_code, until_try=2)

    with pytest.raises(FindingError):
        await run_once("it", command, watch, ignored, pauses=(0,))

    assert (tmp_path / "mark").read_text() == "."
