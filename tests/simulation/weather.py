"""Where faults come from: each statement and request of a process may meet one, as the seed decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import NoReturn

from common.errors import TransientError
from tests.simulation.event_loop import A_TURN, PROCESS, Process, SeededLoop
from tests.simulation.schedule import Schedule

_FATES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "publish": (
        ("publish", "lost"),
        ("publish", "unanswered"),
        ("publish", "late"),
        ("publish", "partial"),
        ("crash", "crash"),
        ("pause", "pause"),
    ),
    "commit": (
        ("commit", "lost"),
        ("commit", "unanswered"),
        ("commit", "limbo"),
        ("crash", "crash"),
        ("pause", "pause"),
    ),
    "kafka": (("kafka", "refuse"), ("crash", "crash"), ("pause", "pause")),
    "database": (
        ("database", "refuse"),
        ("database", "end"),
        ("crash", "crash"),
        ("pause", "pause"),
    ),
}
"""At what: the family of faults, and what happens."""
_OFTEN = {"publish": 5.0, "commit": 5.0}
"""There are fewer of these than of others, and more hangs on them."""
_KAFKA = ("poll", "bounds", "records_at", "last_records")


@dataclass(slots=True)
class Weather:
    """Draws faults until they are used up or the sky clears."""

    loop: SeededLoop
    random: Random
    schedule: Schedule
    kill: Callable[[Process], None]
    pause: Callable[[Process], None]
    left: int = field(init=False)
    seen: list[str] = field(default_factory=list)
    """What happened, for whoever looks at a failed schedule."""

    def __post_init__(self) -> None:
        self.left = self.schedule.faults

    def clear(self) -> None:
        """From here on nothing fails."""
        self.left = 0

    def fate(self, act: str, what: str) -> str:
        """What happens now at this act; empty: nothing."""
        if self.left <= 0 or self.random.random() >= self.schedule.rate * _OFTEN.get(what, 1.0):
            return ""
        kinds = self.schedule.kinds
        fates = [fate for kind, fate in _FATES[what] if kind in kinds]
        if not fates:
            return ""
        fate = self.random.choice(fates)
        self.left -= 1
        self.note(f"{fate} at {act}")
        return fate

    def note(self, what: str) -> None:
        process = PROCESS.get()
        self.seen.append(f"{self.loop.now:8.3f} {process.name if process else 'world'}: {what}")

    async def passage(self, act: str) -> str:
        """A statement or a poll on its way; returns `end` where its backend shall be ended.

        Raises:
            TransientError: it failed, and changed nothing.
        """
        fate = ""
        if self.left > 0:
            fate = self.fate(act, "kafka" if act in _KAFKA else "database")
            if fate:
                await self.befall(fate)
                if fate == "refuse":
                    raise TransientError("database_unavailable", f"simulated, at {act}")
        await A_TURN
        return fate

    async def befall(self, fate: str) -> None:
        """Let happen to the process whose code this is what the fate says, if it says so."""
        process = PROCESS.get()
        if process is not None and fate == "crash":
            self.kill(process)
            await self.never()
        if process is not None and fate == "pause":
            self.pause(process)

    async def never(self) -> NoReturn:
        """For code of a process that is dead."""
        await self.loop.create_future()
        raise AssertionError("the dead do not come back")

    def soon(self, longest: float = 1.0) -> float:
        """A delay: mostly short, sometimes as long as allowed."""
        return self.random.choice((0.0, 0.001, 0.01, 0.1, 1.0)) * longest * self.random.random()
