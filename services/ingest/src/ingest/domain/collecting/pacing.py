"""How fast a source may send."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class TokenBucket:
    """`rate` events a second in the long run, `burst` at once.

    A batch larger than the whole bucket passes when the bucket is full and is paid off afterwards; otherwise it
    would never pass, however long its sender waits.
    """

    rate: float
    burst: float
    _tokens: float = field(init=False)
    _at: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._tokens = self.burst

    def take(self, events: int, now: float) -> float:
        """Take so many at `now` (monotonic seconds); else return the seconds to wait and take none."""
        if self._at is not None and now > self._at:
            self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        needed = min(float(events), self.burst)
        if self._tokens >= needed:
            self._tokens -= events
            return 0.0
        return (needed - self._tokens) / self.rate
