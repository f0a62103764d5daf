"""What a process of a stack under test is told to do to itself: files that it looks for, by its name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

Step = Literal[
    "polled",  # records came from the log
    "fenced",  # in the transaction: the partitions are ours and locked
    "loaded",  # the states are in memory
    "saved",  # the folded states are written
    "advanced",  # positions and outbox are written; the commit is next
    "committed",  # nothing is published yet
    "journaled",  # the log has the journal's record, and no consequence
    "published",  # the log has everything; the outbox still has it too
    "deleted",  # the outbox is empty
]
STEPS: Final[tuple[Step, ...]] = (
    "polled",
    "fenced",
    "loaded",
    "saved",
    "advanced",
    "committed",
    "journaled",
    "published",
    "deleted",
)
"""The boundaries of the loop, in order: behind each the process can be struck."""

JOB_STEPS: Final[tuple[Step, ...]] = ("fenced", "advanced", "committed", "published", "deleted")
"""Those of a job, which folds no records."""


EVERY: Final = "every"
"""Instead of a process's name, where all are meant."""


class Strike(msgspec.Struct, frozen=True):
    """Behind the n-th crossing of this step from now on, the process sends itself the signal."""

    step: Step
    crossing: int = 1
    signal: Literal["KILL", "STOP"] = "KILL"


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders of one stack, below its data."""

    folder: Path

    @classmethod
    def below(cls, data: Path) -> Orders:
        """Those of the stack that keeps its data there."""
        folder = data / "orders"
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder)

    def arm(self, process: str, strike: Strike) -> None:
        """It counts from the moment it sees this."""
        self._write(self.strike_file(process), msgspec.json.encode(strike))

    def disarm(self, process: str) -> None:
        """Never mind."""
        self.strike_file(process).unlink(missing_ok=True)

    def armed(self, process: str) -> bool:
        """False once it has struck."""
        return self.strike_file(process).exists()

    def set_clock(self, process: str, seconds: int) -> None:
        """From its next start its clock is off by so much."""
        self._write(self._file(process, "clock"), str(seconds).encode())

    def clock(self, process: str) -> int:
        """Seconds by which its clock is off."""
        return int(self._read(process, "clock") or 0)

    def set_environment(self, process: str, variables: Mapping[str, str]) -> None:
        """From its next start it has these variables too."""
        self._write(self._file(process, "environment"), msgspec.json.encode(variables))

    def environment(self, process: str) -> dict[str, str]:
        """Variables beside those of the supervisor: its own and every process's."""
        found: dict[str, str] = {}
        for name in (EVERY, process):
            text = self._read(name, "environment") or "{}"
            found |= msgspec.json.decode(text, type=dict[str, str])
        return found

    def set_without(self, process: str, topics: Collection[str]) -> None:
        """From its next start it is a version that does not read these topics."""
        self._write(self._file(process, "without"), " ".join(topics).encode())

    def without(self, process: str) -> frozenset[str]:
        """The topics that its version does not read."""
        return frozenset(self._read(process, "without").split())

    def set_bug(self, process: str, *, present: bool) -> None:
        """From now on every one of its folds raises, or none."""
        if present:
            self._write(self.bug_file(process), b"")
        else:
            self.bug_file(process).unlink(missing_ok=True)

    def strike_file(self, process: str) -> Path:
        """Holds a `Strike`; the process removes it just before it strikes."""
        return self._file(process, "strike")

    def bug_file(self, process: str) -> Path:
        """Is there while its folds raise."""
        return self._file(process, "bug")

    def _file(self, process: str, kind: str) -> Path:
        return self.folder / f"{process}.{kind}"

    def _read(self, process: str, kind: str) -> str:
        with suppress(FileNotFoundError):
            return self._file(process, kind).read_text()
        return ""

    def _write(self, path: Path, content: bytes) -> None:
        """Whole or not at all: somebody may be looking."""
        draft = path.with_name(f".{path.name}")
        draft.write_bytes(content)
        draft.replace(path)
