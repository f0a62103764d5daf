"""Two small services, pure: one finds out who did something, the other counts it and notices silence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import msgspec

from common.clock import EPOCH
from common.configuration import Configuration, Release
from common.consuming import (
    Consequence,
    Entry,
    Folded,
    Handlers,
    Loop,
    Record,
    Sheet,
    Signal,
    TimerDue,
    Transaction,
)
from common.contracts.ingestion import EventAccepted
from common.contracts.profiles import ActivityRecorded, LeadScored, ProfileMerged
from common.ids import derive
from common.merging import Kept, Packed, with_merges
from common.testing.postgres import FakeBook, FakeTransaction
from common.testing.settled import Settled
from tests.simulation.schedule import FAMILY, PROFILES

RESOLVE, SCORING = "ingest.resolve", "scoring.consume"
RAW, ACTIVITY, SCORES = "ingest.events", "profile.activity", "profile.scores"
HANDOVER, COMMANDS = "scoring.handover", "scoring.commands"
INPUTS = (ACTIVITY, HANDOVER, COMMANDS)
"""Of scoring."""
FAMILIES = "families"
"""The table of resolve's states."""

PROFILE_IDS = tuple(derive("simulated", number) for number in range(PROFILES))
_TIME = datetime(2026, 3, 1, tzinfo=EPOCH.tzinfo)


class Body(msgspec.Struct, frozen=True):
    """What a client said."""

    message: str
    kind: str
    profile: int
    other: int = 0


class Family(msgspec.Struct, frozen=True):
    """Resolve's state: profiles that may become one, under one lock."""

    seen: tuple[str, ...] = ()
    """Messages in the order in which they were taken."""
    into: Mapping[int, int] = {}
    """Loser → winner."""
    version: int = 0

    def root(self, profile: int) -> int:
        while profile in self.into:
            profile = self.into[profile]
        return profile


def fold_accepted(state: Family | None, signal: Signal, now: datetime) -> Folded[Family]:
    """Who did it, once per message; two profiles become one where the client says so."""
    assert isinstance(signal, Record)
    body, family = body_of(signal), state or Family()
    if body.kind == "bad":
        raise ZeroDivisionError
    if body.message in family.seen:
        return Folded(family)
    seen, version = (*family.seen, body.message), family.version + 1
    loser = family.root(body.profile)
    if body.kind != "merge":
        told = Consequence(ACTIVITY, activity_of(body, version), str(PROFILE_IDS[loser]))
        return Folded(Family(seen, family.into, version), consequences=(told,))
    winner = family.root(body.other)
    if loser == winner:
        return Folded(Family(seen, family.into, version))
    merged = ProfileMerged(
        loser=PROFILE_IDS[loser], winner=PROFILE_IDS[winner], profile_version=version
    )
    both = tuple(
        Consequence(ACTIVITY, merged, str(PROFILE_IDS[number])) for number in (loser, winner)
    )
    return Folded(Family(seen, {**family.into, loser: winner}, version), consequences=both)


def activity_of(body: Body, version: int = 0) -> ActivityRecorded:
    return ActivityRecorded(
        event_id=derive("message", body.message),
        name="Sick" if body.kind == "sick" else "Product Viewed",
        source="shop",
        message_id=body.message,
        occurred_at=_TIME,
        received_at=_TIME,
        profile_version=version,
    )


class FamilyBook:
    """Resolve's book: locks the families that a batch touches, in order, then draws its number."""

    async def load(self, tx: Transaction, signals: Sequence[Signal]) -> Sheet[Family]:
        transaction = cast("FakeTransaction", tx)
        database = transaction.database
        sheet: Sheet[Family] = Sheet({}, family_of)
        for family in sorted({family_of(signal) for signal in signals}):
            await database.passage("lock_family")
            await transaction.lock(FAMILIES, family)
            known = transaction.get(FAMILIES, family)
            sheet.entries[family] = Entry(*known) if known is not None else Entry(None, None)
        # As a sequence of the database: not given back by a rollback.
        draws = database.tables["draws"]
        sheet.draw = draws["last"] = draws.get("last", 0) + 1
        return sheet

    async def save(self, tx: Transaction, sheet: Sheet[Family]) -> None:
        transaction = cast("FakeTransaction", tx)
        await transaction.database.passage("save")
        transaction.refuse_ended()
        for key, entry in sheet.entries.items():
            if entry.changed:
                transaction.put(FAMILIES, key, (entry.state, entry.now))


_bodies = msgspec.json.Decoder(Body)


def body_of(signal: Signal) -> Body:
    assert isinstance(signal, Record)
    return _bodies.decode(signal.event.payload(EventAccepted).body)


def family_of(signal: Signal) -> int:
    return body_of(signal).profile // FAMILY


def profile_of(signal: Signal) -> UUID:
    """The key of a state of scoring."""
    return signal.profile_id if isinstance(signal, TimerDue) else UUID(signal.event.subject)


class Tally(msgspec.Struct, frozen=True):
    """Scoring's state: what a profile did, and when it fell silent."""

    did: tuple[tuple[int, str], ...] = ()
    """Microsecond of acceptance and message, in the order of folding."""
    silences: tuple[tuple[int, int], ...] = ()
    """When the timers that fired were due, and whose they were."""
    due: int | None = None
    """When the next silence is due."""


def micros(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(microseconds=1)


def instant(number: int) -> datetime:
    return EPOCH + timedelta(microseconds=number)


def scoring_handlers(silence: float) -> Handlers[Kept[Tally]]:
    """Counts activities, and silences of so many seconds; merged profiles are united."""
    pause = timedelta(seconds=silence)

    def note(state: Tally | None, signal: Signal, now: datetime) -> Folded[Tally]:
        assert isinstance(signal, Record)
        activity = signal.event.payload(ActivityRecorded)
        if activity.name == "Sick":
            raise ZeroDivisionError
        tally, due = state or Tally(), now + pause
        did = (*tally.did, (micros(signal.accepted_at), activity.message_id))
        told = Consequence(SCORES, _score(len(did)), signal.event.subject)
        return Folded(Tally(did, tally.silences, micros(due)), {"silence": due}, (told,))

    def fall_silent(state: Tally | None, signal: Signal, now: datetime) -> Folded[Tally]:
        assert isinstance(signal, TimerDue)
        assert state is not None
        assert state.due == micros(signal.due_at), "not the timer that was set"
        number = PROFILE_IDS.index(signal.profile_id)
        silences = (*state.silences, (state.due, number))
        # Now and then under another profile's key, so that one origin writes to both target partitions.
        subject = str(PROFILE_IDS[(number + len(silences) % 2) % PROFILES])
        told = Consequence(SCORES, _score(-len(silences)), subject)
        return Folded(Tally(state.did, silences, None), {}, (told,))

    plain = Handlers({ActivityRecorded.TYPE: note}, fall_silent)
    return with_merges(plain, Union(), "scoring")


class Union:
    """What two profiles did becomes what one did."""

    def pack(self, state: Tally) -> Packed:
        return Packed(msgspec.Raw(msgspec.json.encode(state)), ("silence",))

    def unite(
        self, state: Tally | None, data: msgspec.Raw, signal: Record, now: datetime
    ) -> Folded[Tally]:
        ours, theirs = state or Tally(), msgspec.json.decode(data, type=Tally)
        dues = [tally.due for tally in (ours, theirs) if tally.due is not None]
        due = max(dues, default=None)
        united = Tally(
            tuple(sorted((*ours.did, *theirs.did))),
            tuple(sorted((*ours.silences, *theirs.silences))),
            due,
        )
        return Folded(united, {} if due is None else {"silence": instant(due)})


def _score(score: int) -> LeadScored:
    return LeadScored(score=score, previous_score=None, grade="A", reasons=(), model_version="1")


SETTLED = Settled(Configuration(releases={"shop": Release("shop", 1, ())}))


def resolve_loop() -> Loop[Family]:
    handlers: Callable[[Configuration], Handlers[Family]] = lambda _: Handlers(  # noqa: E731
        {EventAccepted.TYPE: fold_accepted}
    )
    return Loop(RESOLVE, RAW, (RAW,), handlers, FamilyBook(), time="own")


def scoring_loop(silence: float) -> Loop[Kept[Tally]]:
    book: FakeBook[Kept[Tally]] = FakeBook(Kept[Tally])
    handlers = scoring_handlers(silence)
    return Loop(SCORING, ACTIVITY, INPUTS, lambda _: handlers, book)
