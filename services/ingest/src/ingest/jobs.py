"""Beside the loop: counts what came in of each source, and tells of it, from the log alone, so that no process's memory is needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import structlog

from common.clock import Clock
from common.consuming import Transaction
from common.contracts import decode_event, encode_event, event_bytes
from common.contracts.envelope import CONTENT_TYPE
from common.contracts.ingestion import SourceReported
from common.errors import PermanentError, TransientError
from common.ids import derive
from common.streaming.ports import Fetched, Outgoing, Place, Publisher, Reader
from ingest.domain.receptions import Arrived, span_of, tallied
from ingest.domain.sources import DAY, HOUR, published, report
from ingest.ports import Receptions

log = structlog.get_logger(__name__)

TOPICS = ("ingest.events", "ingest.events.quarantine", "ingest.refusals")
AT_ONCE = 2_000
PAUSE, AGAIN = 0.5, 5.0
"""Seconds between two looks, and after one that failed."""
_WAIT = 0.1
_FORGET_EVERY = 200
"""Looks between two that also drop what is old."""

REPORTS = Place("ingest.sources", 0)
RESOLVE = "/cuestream/ingest/resolve"
TELL_EVERY = 2.0
"""Seconds between two tellings of one source, however much comes."""
STIRRED = timedelta(minutes=1)
"""So long after something came its source is looked at: that something came twice is noted later than that it came."""
RENEWED = timedelta(minutes=5)
"""What is quiet is told again so often: the hour moves on, and readers learn which sources still are."""
MOST_TOLD = 100
"""Sources that are told at one look; the others come with the next."""
_CATCH_UP_WAIT = 1.0


class Watch:
    """One of several: whoever gets the lock counts, the others look again later."""

    def __init__(
        self, reader: Reader, receptions: Receptions, places: Collection[Place], clock: Clock
    ) -> None:
        self._reader = reader
        self._receptions = receptions
        self._places = places
        self._clock = clock
        self._at: dict[Place, int] = {}

    async def run(self) -> None:
        """Watch until cancelled."""
        looks = 0
        while True:
            try:
                if looks % _FORGET_EVERY == 0:
                    await self._receptions.forget(self._clock())
                looks += 1
                counted = await self.look()
            except (TransientError, PermanentError) as error:
                # Trimmed under us, or out of reach: the bounds are asked anew, and nobody else waits for this.
                log.warning("receptions_not_counted", reason=error.reason)
                self._at = {}
                await asyncio.sleep(AGAIN)
            else:
                await asyncio.sleep(0 if counted == AT_ONCE else PAUSE)

    async def look(self) -> int:
        """Count what is there, once whoever else watches; returns how many records that were.

        Raises:
            TransientError: the log or the database is out of reach; nothing was counted.
            PermanentError: the log was trimmed meanwhile.
        """
        async with self._receptions.transaction() as tx:
            if not await self._receptions.leads(tx):
                return 0
            known = await self._receptions.positions(tx)
            if not self._at or any(self._at.get(place) != at for place, at in known.items()):
                await self._begin(known)
            fetched = await self._reader.poll(AT_ONCE, _WAIT)
            if not fetched:
                return 0
            positions = _behind(fetched)
            await self._receptions.save(tx, tallied(map(_arrived, fetched)), positions)
        self._at |= positions
        return len(fetched)

    async def _begin(self, known: Mapping[Place, int]) -> None:
        bounds = await self._reader.bounds(self._places)
        self._at = {
            place: at if bound.begin <= (at := known.get(place, -1)) <= bound.end else bound.begin
            for place, bound in bounds.items()
        }
        await self._reader.assign(self._at)


def _behind(fetched: Sequence[Fetched]) -> dict[Place, int]:
    return {record.place: record.offset + 1 for record in fetched}


def _arrived(record: Fetched) -> Arrived:
    place = f"{record.place.topic}/{record.place.partition}/{record.offset}"
    return Arrived(place, record.appended_at, record.value or b"", record.headers)


Source = tuple[str, str]
"""Workspace and name."""


class Reports:
    """One of several: whoever gets the lock tells what differs from what the topic says, whoever said that."""

    def __init__(
        self,
        receptions: Receptions,
        reader: Reader,
        publisher: Publisher,
        kinds: Callable[[], Mapping[Source, str]],
        clock: Clock,
    ) -> None:
        self._receptions = receptions
        self._reader = reader
        self._publisher = publisher
        self._kinds = kinds
        self._clock = clock
        self._told: dict[Source, SourceReported] = {}
        self._at: int | None = None

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            pause = TELL_EVERY
            try:
                await self.look()
            except (TransientError, PermanentError) as error:
                log.warning("sources_not_reported", reason=error.reason)
                self._at, pause = None, AGAIN
            await asyncio.sleep(pause)

    async def look(self) -> int:
        """Tell once, unless somebody else does; returns how many sources were told.

        Raises:
            TransientError: the log or the database is out of reach.
            PermanentError: the topic was made anew meanwhile.
        """
        async with self._receptions.transaction() as tx:
            if not await self._receptions.leads(tx, "sources"):
                return 0
            await self._catch_up()
            fresh = await self._fresh(tx)
            for (workspace, _), reported in fresh.items():
                # Each alone: a batch of all could be larger than what the broker takes.
                await self._publisher.publish(REPORTS, [_outgoing(workspace, reported)])
        return len(fresh)

    async def _catch_up(self) -> None:
        """Read what others, or processes before this one, have told."""
        bounds = (await self._reader.bounds([REPORTS]))[REPORTS]
        if self._at is None or not bounds.begin <= self._at <= bounds.end:
            self._told, self._at = {}, bounds.begin
            await self._reader.assign({REPORTS: bounds.begin})
        while self._at < bounds.end:
            fetched = await self._reader.poll(AT_ONCE, _CATCH_UP_WAIT)
            if not fetched:
                return  # what is told twice does no harm
            for record in fetched:
                self._at = record.offset + 1
                self._note(record)

    def _note(self, record: Fetched) -> None:
        try:
            event = decode_event(record.value or b"")
            reported = event.payload(SourceReported)
        except PermanentError:
            return
        self._told[event.workspace, reported.source] = reported

    async def _fresh(self, tx: Transaction) -> dict[Source, SourceReported]:
        now, kinds = self._clock(), self._kinds()
        last = await self._receptions.last_heard(None, tx=tx)
        due = sorted(
            (key for key in {*kinds, *last} if self._is_due(key, last.get(key), now)),
            key=lambda key: (self._as_of(key), key),
        )[:MOST_TOLD]
        if not due:
            return {}
        since, hour = span_of(now - DAY), span_of(now - HOUR)
        counted = await self._receptions.receptions(None, since, hour, sources=due, tx=tx)
        reports = report(
            {key: kinds[key] for key in due if key in kinds},
            counted,
            {key: last[key] for key in due if key in last},
            now,
        )
        found = {(each.workspace, each.source): published(each, now) for each in reports}
        return {key: new for key, new in found.items() if self._is_news(key, new)}

    def _as_of(self, source: Source) -> datetime:
        told = self._told.get(source)
        return datetime.min.replace(tzinfo=UTC) if told is None else told.as_of

    def _is_due(self, source: Source, heard: datetime | None, now: datetime) -> bool:
        if source not in self._told:
            return True
        since = now - self._as_of(source)
        stirred = heard is not None and heard >= now - STIRRED
        return since >= RENEWED or (stirred and since >= timedelta(seconds=TELL_EVERY))

    def _is_news(self, source: Source, new: SourceReported) -> bool:
        told = self._told.get(source)
        return (
            told is None
            or new.as_of - told.as_of >= RENEWED
            or new != msgspec.structs.replace(told, as_of=new.as_of)
        )


def _outgoing(workspace: str, reported: SourceReported) -> Outgoing:
    key = f"{workspace}/{reported.source}"
    identity = derive("source report", key, reported.as_of.isoformat())
    event = encode_event(
        reported,
        id=identity,
        source=RESOLVE,
        subject=reported.source,
        time=reported.as_of,
        workspace=workspace,
        correlationid=identity,
    )
    return Outgoing(key.encode(), event_bytes(event), {"content-type": CONTENT_TYPE.encode()})
