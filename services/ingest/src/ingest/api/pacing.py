"""How much of this process each source and each workspace may have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from common.configuration.workspace import Limits, Quota
from ingest.api.answers import RefusedError
from ingest.api.keys import Sender
from ingest.domain.collecting import FairShare, TokenBucket

BUSY_SECONDS = 1.0
"""After which to try again where others need the room, too; Kafka takes in what waits in less."""
ENVELOPE = 640
"""Bytes that a record has beside its message, about: what waits for Kafka are records."""
_Rate = Limits | Quota


class Pacing:
    """Holds this process's share of each limit, and shares what may wait here among the workspaces.

    Processes do not talk about it: each of `shares` holds an equal part, so a client that keeps to one connection
    meets that part only.
    """

    def __init__(
        self,
        shares: int,
        monotonic: Callable[[], float],
        room: int,
        told: Callable[[Sender, str, int], None],
    ) -> None:
        """`room`: bytes of requests that may be under way at once; `told`: whose messages met which limit, and how many."""
        self._shares = shares
        self._monotonic = monotonic
        self._told = told
        self._buckets: dict[tuple[str, ...], tuple[_Rate, TokenBucket]] = {}
        self._room = FairShare(room)

    def admit(self, sender: Sender, events: int) -> None:
        """Take so many events' tokens, of the source and of its workspace.

        Raises:
            RefusedError: 429 `too_fast` or `quota_exceeded`, with the time after which they are there.
        """
        now = self._monotonic()
        limits = sender.source.limits
        own = self._bucket((sender.workspace, sender.name), limits)
        wait = own.take(events, now)
        if wait > 0:
            self._told(sender, "too_fast", events)
            raise RefusedError(429, "too_fast", f"this source {_may(limits)}", retry_after=wait)
        if sender.quota is None:
            return
        wait = self._bucket((sender.workspace,), sender.quota).take(events, now)
        if wait > 0:
            own.back(events)
            self._told(sender, "quota_exceeded", events)
            detail = f"this workspace {_may(sender.quota)}"
            raise RefusedError(429, "quota_exceeded", detail, retry_after=wait)

    @contextmanager
    def room(self, sender: Sender, size: int, records: int) -> Iterator[None]:
        """Room for so many records of so many bytes together while the block lasts.

        Raises:
            RefusedError: 429 `busy`; the workspace has as much under way as is still free for all others.
        """
        size += ENVELOPE * records
        if not self._room.take(sender.workspace, size):
            self._told(sender, "busy", records)
            detail = "this workspace has its share under way; others need the room, too"
            raise RefusedError(429, "busy", detail, retry_after=BUSY_SECONDS)
        try:
            yield
        finally:
            self._room.give(sender.workspace, size)

    def _bucket(self, key: tuple[str, ...], rate: _Rate) -> TokenBucket:
        known = self._buckets.get(key)
        if known is not None and (known[0] is rate or known[0] == rate):
            return known[1]
        # Only another rate begins with a full bucket: a release that changes a key must not refill them all.
        bucket = TokenBucket(
            rate.events_per_second / self._shares, max(1.0, rate.burst / self._shares)
        )
        self._buckets[key] = (rate, bucket)
        return bucket


def _may(rate: _Rate) -> str:
    return f"may send {rate.events_per_second:g} events a second"
