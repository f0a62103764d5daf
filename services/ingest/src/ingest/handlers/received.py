"""An accepted event: whose it is, what it teaches, and what others are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from common.consuming import Consequence, Folded, Record, Signal
from common.contracts.ingestion import EDGE, EventAccepted
from common.contracts.profiles import ActivityRecorded
from common.errors import PermanentError
from ingest.domain.activities import activity_of
from ingest.domain.catalog.naming import product_id_of
from ingest.domain.catalog.products import shown, tell
from ingest.domain.identifiers import Identifier
from ingest.domain.people import (
    DEFAULT_RULES,
    Account,
    Merge,
    Names,
    People,
    Rules,
    Sighting,
    joined,
    learn,
    resolve,
)
from ingest.domain.reading import read
from ingest.domain.segment import (
    Call,
    account_id_of,
    account_traits_of,
    consents_of,
    hints_of,
    stated_by,
    traits_of,
)
from ingest.handlers.telling import done_by, record_of, subject_of, taken_in, told_of

LONGEST_REQUEST = timedelta(seconds=60)
"""What our edge receives it appends within its deadline, or refuses it."""

Plan = Callable[[str, EventAccepted, Sequence[Call]], Sequence[str]]
"""Of a producer's event, what the tracking plan lets travel beyond the vocabulary; raises where it sets the event aside."""


Drafts = tuple[ActivityRecorded | None, ...]
"""Of each call the activity, but for the profile's version."""


class Said(msgspec.Struct, frozen=True):
    """What was accepted, the calls in it, and by which ids beside the first they know somebody."""

    payload: EventAccepted
    calls: tuple[Call, ...]
    stated: tuple[Identifier, ...]

    @property
    def planned(self) -> Sequence[str]:
        return self.payload.planned or ()


class Touched(msgspec.Struct, frozen=True):
    """What one signal is about; signals that share any of it are folded on one state."""

    workspace: str
    identifiers: tuple[Identifier, ...] = ()
    profiles: tuple[UUID, ...] = ()
    accounts: tuple[str, ...] = ()
    """Companies that it speaks of."""
    event_id: UUID | None = None
    """Of an accepted event, which may have been seen before."""
    product: str | None = None
    """Whom it is about when it is nobody."""


def touched(signal: Signal) -> Touched:
    """Whom a signal is about.

    Raises:
        PermanentError: it cannot be understood; its fold will raise the same.
    """
    record = record_of(signal)
    event = record.event
    if event.type == EventAccepted.TYPE:
        said = record.worked_out(_said)
        calls = said.calls
        named = calls[0].identifiers
        if not named:
            product = product_id_of(calls[0].event, calls[0].properties)
            return Touched(event.workspace, event_id=event.id, product=product)
        # Whatever may link, whether the workspace lets it or not: all of it must be locked before anybody knows.
        return Touched(
            event.workspace,
            tuple(dict.fromkeys(named + said.stated)) if said.stated else named,
            accounts=tuple(filter(None, map(account_id_of, calls))),
            event_id=event.id,
        )
    return Touched(event.workspace, profiles=(subject_of(event.subject),))


def prepare(signal: Signal) -> None:
    """Make what needs no state, before the fold asks for it; what is wrong with it the fold finds again."""
    record = record_of(signal)
    if record.event.type == EventAccepted.TYPE:
        record.worked_out(_drafts)


def fold_received(
    state: People | None,
    signal: Signal,
    now: datetime,
    rules: Rules = DEFAULT_RULES,
    plan: Plan | None = None,
) -> Folded[People]:
    """An accepted event: of a product where the book has one at hand for it, else of a person."""
    if state is not None and state.products:
        return fold_offered(state, record_of(signal), plan)
    return fold_accepted(state, signal, now, rules, plan)


def fold_accepted(
    state: People | None,
    signal: Signal,
    now: datetime,
    rules: Rules = DEFAULT_RULES,
    plan: Plan | None = None,
) -> Folded[People]:
    """An accepted event: once per event id, however often it was sent.

    Raises:
        PermanentError: `misplaced_product` of a stranger, what reading it finds wrong, or what the tracking plan sets aside.
    """
    record = record_of(signal)
    event, people = record.event, state or People(signal.workspace)
    if event.id in people.seen:
        return Folded(people)
    said = record.worked_out(_said)
    payload, calls = said.payload, said.calls
    if not calls[0].identifiers:
        raise PermanentError("misplaced_product", "its subject is not product: and the product id")
    planned = said.planned if plan is None else plan(event.source, payload, calls)
    others = rules.linking(said.stated, payload.source) if said.stated else ()
    names = Names(calls[0].user, calls[0].anonymous, calls[0].former, others)
    resolved = resolve(people, names, now, rules)
    people, profile_id = resolved.people, resolved.profile_id
    consequences = [told for merge in resolved.merges for told in _merged(merge)]
    drafts = (
        record.worked_out(_drafts) if planned == said.planned else _drafted(said, event.id, planned)
    )
    stated = 0
    for call, draft in zip(calls, drafts, strict=True):
        statements = consents_of(call, event.id, payload.source, rules.categories, stated)
        stated += len(statements)
        learned = learn(
            people.profiles[profile_id],
            traits=traits_of(call, rules.region),
            hints=hints_of(call),
            at=call.occurred_at,
            statements=statements,
            source=payload.source,
            rules=rules.golden,
            confirm_within=rules.confirm_within,
        )
        people = taken_in(people, profile_id, learned, now)
        people = _joined(people, profile_id, call, payload.source, rules)
        consequences += told_of(profile_id, learned, call.occurred_at)
        if draft is not None:
            activity = msgspec.structs.replace(draft, profile_version=learned.profile.version)
            consequences.append(
                Consequence("profile.activity", activity, str(profile_id), call.occurred_at)
            )
    sighting = Sighting(profile_id, now, record.partition)
    return Folded(people.with_sighting(event.id, sighting), consequences=consequences)


def fold_offered(state: People, record: Record, plan: Plan | None = None) -> Folded[People]:
    """What is said of a product; said again it changes nothing, so nobody remembers its event id."""
    people, consequences = state, []
    said = record.worked_out(_said)
    if plan is not None:
        plan(record.event.source, said.payload, said.calls)
    for call in said.calls:
        product_id = product_id_of(call.event, call.properties)
        known = people.products.get(product_id or "")
        if product_id is None or known is None:
            continue
        told = tell(known, call.event, call.properties, call.occurred_at)
        people = people.with_product(product_id, told)
        if told.version == known.version:
            continue
        key, after = f"{people.workspace}/{product_id}", shown(product_id, told)
        consequences.append(Consequence("catalog.products", after, key, call.occurred_at))
    return Folded(people, consequences=consequences)


def _said(record: Record) -> Said:
    """The book asks whom it touches before it is folded."""
    payload = _received(record)
    calls = read(payload)
    return Said(payload, calls, stated_by(calls))


def _drafts(record: Record) -> Drafts:
    """As our edge planned them, which are all but strangers'."""
    said = record.worked_out(_said)
    return _drafted(said, record.event.id, said.planned)


def _drafted(said: Said, event_id: UUID, planned: Sequence[str]) -> Drafts:
    source = said.payload.source
    return tuple(
        activity_of(call, event_id=event_id, source=source, planned=planned) for call in said.calls
    )


def _received(record: Record) -> EventAccepted:
    """What was accepted, received when the log took it at the latest; from our own edge, not much earlier either.

    Strangers write here too: by a clock that is ahead they would date a consent after every withdrawal to come. By a clock
    that is behind, our edge would date a withdrawal before the consent that it ends, and an add before its time.
    """
    payload = record.event.payload(EventAccepted)
    at, appended_at = payload.received_at, record.appended_at
    if at.tzinfo is None:
        return payload
    # What an operator lets try again comes on another topic, long after it was received.
    ours = record.event.source == EDGE and record.topic in EventAccepted.TOPICS
    if at > appended_at or (ours and at < appended_at - LONGEST_REQUEST):
        return msgspec.structs.replace(payload, received_at=appended_at)
    return payload


def _joined(people: People, profile_id: UUID, call: Call, source: str, rules: Rules) -> People:
    """What a group call says of a company, and that the person belongs to it."""
    account_id = account_id_of(call)
    if account_id is None:
        return people
    known = people.accounts.get(account_id, Account())
    account = known.after(
        account_traits_of(call), call.occurred_at, source, proven=source not in rules.unproven
    )
    profile = people.profiles[profile_id]
    accounts = joined(profile.accounts, account_id, call.occurred_at)
    if accounts is not profile.accounts:
        after = msgspec.structs.replace(profile, accounts=accounts)
        people = people.with_profile(profile_id, after)
    return people.with_account(account_id, account)


def _merged(merge: Merge) -> list[Consequence]:
    """Both partitions hear of it; of the loser no address stays on the topic."""
    loser, winner = merge.merged.loser, merge.merged.winner
    return [
        *(Consequence("profile.activity", merge.merged, str(one)) for one in (loser, winner)),
        *(Consequence("profile.activity", told, str(winner)) for told in merge.told),
        *done_by(winner, merge.confirmed),
        *(
            Consequence("profile.contacts", profile.snapshot, str(one))
            for one, profile in ((loser, merge.loser), (winner, merge.winner))
        ),
    ]
