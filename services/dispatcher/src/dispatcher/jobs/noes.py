"""Reads every no and every halt, and proves with barriers of its own that none is missing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog

from common.clock import Clock, monotonic, utc_now
from common.contracts import Event, decode_event, encode_event, event_bytes
from common.contracts.topics import QUARANTINE_SUFFIX
from common.contracts.withdrawals import (
    BarrierAppended,
    ContactSuppressed,
    ContactWithdrawn,
    PersonSuppressed,
    SendingHalted,
    SendingResumed,
)
from common.errors import PermanentError, TransientError
from common.ids import derive
from common.streaming.ports import Fetched, Outgoing, Place, Publisher, Reader
from dispatcher.jobs import metrics
from dispatcher.ports import Ban, Barrier, HaltChange, Noes, NoRecord, PersonBan, Withdrawal

log = structlog.get_logger(__name__)

WITHDRAWALS = Place("contact.withdrawals", 0)
INTERVAL = 0.25
"""Seconds between two barriers at least."""
_LARGEST = 32 * 1024
_HASH = re.compile(r"[0-9a-f]{1,64}")
_WORD = re.compile(r"[^\x00-\x1f]{0,200}")
"""What the database takes: one record that it refused would stop this topic, and with it all marketing."""
_PAUSE, _LONGEST_PAUSE = 0.1, 2.0


class NoesReader:
    """Follows contact.withdrawals and folds it, together with all other senders, into one place.

    `met` is the promise: every no that was answered before that moment is folded. A barrier is
    appended with acks=all, so a leader that is cut off from its quorum cannot make us believe it.
    """

    def __init__(
        self,
        reader: Reader,
        publisher: Publisher,
        noes: Noes,
        *,
        sender: str,
        clock: Callable[[], float] = monotonic,
        now: Clock = utc_now,
    ) -> None:
        """`sender` must be this process's alone: it tells its barriers from others'."""
        self._reader = reader
        self._publisher = publisher
        self._noes = noes
        self._sender = sender
        self._clock = clock
        self._now = now
        self._next = 0
        self._number = 0
        self._began: float | None = None
        self._wanted = False
        self._pending: tuple[int, float] | None = None
        self._met: Barrier | None = None

    @property
    def met(self) -> Barrier | None:
        """The newest barrier that was met."""
        return self._met

    def want(self) -> None:
        """Somebody is about to claim: see that the next barrier comes soon."""
        self._wanted = True

    async def run(self) -> None:
        """Follow until cancelled; outages are waited out, and nothing is met meanwhile."""
        pause = _PAUSE
        while True:
            try:
                await self._begin()
                while True:
                    await self._round()
                    pause = _PAUSE
            except (TransientError, PermanentError) as error:
                # Permanent is an offset that the log no longer holds; `_begin` finds where to go on.
                self._pending = None
                log.warning("withdrawals_not_read", reason=error.reason)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _begin(self) -> None:
        bounds = (await self._reader.bounds((WITHDRAWALS,)))[WITHDRAWALS]
        position = await self._noes.position()
        if position is not None and position < bounds.begin:
            # They are 30 d old by then, and the ledger knows them: the contacts say the same no.
            metrics.WITHDRAWALS_TRIMMED.inc()
            log.error("withdrawals_trimmed", position=position, begin=bounds.begin)
            await self._noes.skip_to(bounds.begin)
        if position is not None and position > bounds.end:
            raise TransientError("withdrawals_lost", f"folded to {position}, ends at {bounds.end}")
        self._next = max(position or 0, bounds.begin)
        await self._reader.assign({WITHDRAWALS: self._next})

    async def _round(self) -> None:
        if self._is_barrier_due():
            await self._append_barrier()
        fetched = await self._reader.poll(500, 0.05)
        if fetched:
            await self._fold(fetched)

    def _is_barrier_due(self) -> bool:
        if not self._wanted or self._pending is not None:
            return False
        return self._began is None or self._clock() - self._began >= INTERVAL

    async def _append_barrier(self) -> None:
        self._wanted = False
        self._number += 1
        # Taken before the append begins: what was answered until now lies before the barrier.
        self._began = self._clock()
        self._pending = (self._number, self._began)
        identity = derive("barrier", self._sender, self._number)
        event = encode_event(
            BarrierAppended(sender=self._sender, number=self._number),
            id=identity,
            source="/cuestream/dispatcher/send",
            subject=self._sender,
            time=self._now(),
            workspace="*",
            correlationid=identity,
        )
        record = Outgoing(self._sender.encode(), event_bytes(event))
        await self._publisher.publish(WITHDRAWALS, [record])

    async def _fold(self, fetched: Sequence[Fetched]) -> None:
        first, following = self._next, fetched[-1].offset + 1
        records: list[NoRecord | None] = [None] * (following - first)
        barriers: dict[int, datetime] = {}
        for item in fetched:
            try:
                event = decode_event(item.value or b"")
                records[item.offset - first] = _no(event, item)
                barriers |= self._own_barrier(event, item)
            except PermanentError as error:
                await self._quarantine(item, error)
        await self._noes.fold(first, following, records)
        self._next = following
        self._meet(barriers)

    def _own_barrier(self, event: Event, item: Fetched) -> dict[int, datetime]:
        if event.type != BarrierAppended.TYPE or event.subject != self._sender:
            return {}
        return {event.payload(BarrierAppended).number: item.appended_at}

    def _meet(self, barriers: Mapping[int, datetime]) -> None:
        if self._pending is not None and self._pending[0] in barriers:
            number, began = self._pending
            self._met = Barrier(began, barriers[number])
            self._pending = None
            metrics.BARRIER_SECONDS.observe(self._clock() - began)

    async def _quarantine(self, item: Fetched, error: PermanentError) -> None:
        """Put it aside first: twice is better than not at all."""
        headers = {
            "service": b"dispatcher",
            "reason": error.reason.encode(),
            "detail": error.detail[:300].encode(),
            "origin_topic": WITHDRAWALS.topic.encode(),
            "origin_partition": b"0",
            "origin_offset": b"%d" % item.offset,
        }
        value = (item.value or b"")[:_LARGEST].decode("utf-8", "replace").encode()
        target = Place(WITHDRAWALS.topic + QUARANTINE_SUFFIX, 0)
        await self._publisher.publish(target, [Outgoing(item.key, value, headers)])


def _no(event: Event, item: Fetched) -> NoRecord | None:
    """What a record says, timed by the log; None for barriers.

    Raises:
        PermanentError: it cannot be read, or is nothing that belongs here.
    """
    if event.type == ContactWithdrawn.TYPE:
        no = event.payload(ContactWithdrawn)
        _check(_HASH, no.address_hash)
        _check(_WORD, event.workspace, no.channel, no.purpose)
        return Withdrawal(
            event.workspace, no.channel, no.address_hash, no.purpose, item.appended_at
        )
    if event.type == ContactSuppressed.TYPE:
        ban = event.payload(ContactSuppressed)
        _check(_HASH, ban.address_hash)
        _check(_WORD, event.workspace, ban.channel, ban.reason)
        return Ban(event.workspace, ban.channel, ban.address_hash, ban.reason)
    if event.type == PersonSuppressed.TYPE:
        person = event.payload(PersonSuppressed)
        _check(_WORD, event.workspace, person.reason)
        return PersonBan(event.workspace, person.profile_id, person.reason, person.transactional)
    return _halt_change(event, item)


def _halt_change(event: Event, item: Fetched) -> HaltChange | None:
    if event.type == SendingHalted.TYPE:
        halt = event.payload(SendingHalted)
        _check(_WORD, halt.scope, halt.by)
        return HaltChange(halt.scope, halted=True, by=halt.by, at=item.appended_at)
    if event.type == SendingResumed.TYPE:
        resumed = event.payload(SendingResumed)
        _check(_WORD, resumed.scope, resumed.by)
        return HaltChange(resumed.scope, halted=False, by=resumed.by, at=item.appended_at)
    if event.type == BarrierAppended.TYPE:
        return None
    raise PermanentError("unknown_type", event.type[:100])


def _check(kind: re.Pattern[str], *texts: str) -> None:
    if not all(kind.fullmatch(text) for text in texts):
        raise PermanentError("undecodable", "a text is not what it should be")
