"""When to try again: the back-off of one delivery, and the circuit of a provider."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

_FIRST = timedelta(seconds=2)
_LONGEST = timedelta(minutes=15)


def retry_at(now: datetime, attempts: int) -> datetime:
    """Doubling from 2 s to 15 min; `attempts` counts the one that just failed."""
    doublings = min(max(attempts, 1) - 1, 20)
    return now + min(_FIRST * (1 << doublings), _LONGEST)


CircuitState = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class Circuit:
    """Breaks after failures in a row, waits longer each time, then lets one delivery try.

    Times are seconds of a monotonic clock, so that a corrected wall clock neither opens nor closes it.
    """

    failures: int = 0
    open_until: float | None = None

    BREAKS_AT = 5
    FIRST_REST = 1.0
    LONGEST_REST = 30.0

    def succeeded(self) -> Circuit:
        """The provider answered, whatever it answered."""
        return self if self == CLOSED else CLOSED

    def failed(self, now: float) -> Circuit:
        """The provider could not be reached or was in no state to take anything."""
        if self.state(now) == "open":
            return self  # one of those that were under way when it broke
        failures = self.failures + 1
        if failures < self.BREAKS_AT:
            return Circuit(failures, None)
        rest = min(self.FIRST_REST * 2.0 ** min(failures - self.BREAKS_AT, 10), self.LONGEST_REST)
        return Circuit(failures, now + rest)

    def state(self, now: float) -> CircuitState:
        if self.open_until is None:
            return "closed"
        return "open" if now < self.open_until else "half_open"

    def rest(self, now: float) -> timedelta:
        """How long nothing may be tried."""
        return timedelta(seconds=max(0.0, (self.open_until or now) - now))


CLOSED = Circuit()
