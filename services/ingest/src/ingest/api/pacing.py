"""One token bucket per source."""

from __future__ import annotations

from collections.abc import Callable

from common.configuration.workspace import Limits
from ingest.api.answers import RefusedError
from ingest.api.keys import Sender
from ingest.domain.collecting import TokenBucket


class Pacing:
    """Holds this process's share of each source's limit.

    Processes do not talk about it: each of `shares` holds an equal part, so a client that keeps to one connection
    meets that part only.
    """

    def __init__(self, shares: int, monotonic: Callable[[], float]) -> None:
        self._shares = shares
        self._monotonic = monotonic
        self._buckets: dict[tuple[str, str], tuple[Limits, TokenBucket]] = {}

    def admit(self, sender: Sender, events: int) -> None:
        """Take so many events' tokens.

        Raises:
            RefusedError: 429 `too_fast`, with the time after which they are there.
        """
        limits = sender.source.limits
        known = self._buckets.get((sender.workspace, sender.name))
        if known is None or known[0] is not limits:  # a new release brings new ones
            known = (limits, self._bucket(limits))
            self._buckets[sender.workspace, sender.name] = known
        wait = known[1].take(events, self._monotonic())
        if wait > 0:
            raise RefusedError(
                429,
                "too_fast",
                f"this source may send {limits.events_per_second:g} events a second",
                retry_after=wait,
            )

    def _bucket(self, limits: Limits) -> TokenBucket:
        return TokenBucket(
            limits.events_per_second / self._shares, max(1.0, limits.burst / self._shares)
        )
