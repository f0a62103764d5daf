"""How fast a source may send, and how much of what waits may be one workspace's."""

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

    def back(self, events: int) -> None:
        """Give back what was taken for events that came in nowhere."""
        self._tokens = min(self.burst, self._tokens + events)

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


@dataclass(slots=True)
class FairShare:
    """Who may hold how much of a room that all share.

    One may hold as much as is still free for the others, at most: alone half of the room, one of two greedy ones a third, one of n
    the (n + 1)th part. So there is always room for who comes next, nobody has to say beforehand how many there will be, and what
    fits into the empty room gets in. (Choudhury and Hahne, Dynamic queue length thresholds, 1998, with a factor of one.)
    """

    room: int
    _held: dict[str, int] = field(default_factory=dict)
    _total: int = 0

    def take(self, who: str, size: int) -> bool:
        """Hold so much more, if that is fair."""
        held = self._held.get(who, 0)
        if held + size > self.room - self._total:
            return False
        self._held[who] = held + size
        self._total += size
        return True

    def give(self, who: str, size: int) -> None:
        """Hold so much less."""
        left = self._held.get(who, 0) - size
        self._total -= size
        if left > 0:
            self._held[who] = left
        else:
            self._held.pop(who, None)
