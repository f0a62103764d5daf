"""What was said elsewhere and is taken into the ledger, and contact snapshots that are read back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import msgspec

from common.consuming import Folded, Record, Signal
from common.contracts.ingestion import ConsentConfirmed
from common.contracts.profiles import ContactChanged, WithdrawalRequested
from common.errors import PermanentError
from ingest.domain.people import (
    DEFAULT_RULES,
    People,
    Profile,
    Rules,
    Statement,
    confirmation_of,
    learn,
    withdrawals_of,
)
from ingest.domain.segment import is_known
from ingest.handlers.telling import record_of, snapshot_of, subject_of, taken_in, told_of

Sayings = Callable[[Profile], tuple[Statement, ...]]


def fold_withdrawal(state: People | None, signal: Signal, now: datetime) -> Folded[People]:
    """A withdrawal that the dispatcher already obeys; the ledger makes it last."""
    record = record_of(signal)
    request = record.event.payload(WithdrawalRequested)
    return _noted(state, record, lambda p: withdrawals_of(p, request, record.event.id), now)


def fold_confirmation(
    state: People | None, signal: Signal, now: datetime, rules: Rules = DEFAULT_RULES
) -> Folded[People]:
    """The second half of a double opt-in, by the link of a mail; whether it grants anything, the ledger decides."""
    record = record_of(signal)
    said = record.event.payload(ConsentConfirmed)
    if not is_known(said.channel, said.purpose):
        raise PermanentError("undecodable", "there is no such channel or purpose")
    half = confirmation_of(said, record.event.id, record.appended_at)
    return _noted(state, record, lambda _: (half,), now, rules)


def fold_snapshot(state: People | None, signal: Signal, now: datetime) -> Folded[People]:
    """A contact snapshot read back: when its version goes down, the current one is appended again.

    A process that was stopped between its commit and its publication may append an old one last, and compaction
    keeps the last. That holds for a merged profile, too: what is old of it is personal, so it does not become the winner's
    matter, but is followed by what is left of it.
    """
    record = record_of(signal)
    version = record.event.payload(ContactChanged).profile_version
    people, profile_id, profile = _known(state, record)
    if version < profile.snapshot_read:
        return Folded(people, consequences=[snapshot_of(profile_id, profile.snapshot, now)])
    if version == profile.snapshot_read:
        return Folded(people)
    read_back = msgspec.structs.replace(profile, snapshot_read=version)
    return Folded(people.with_profile(profile_id, read_back))


def _noted(
    state: People | None, record: Record, said: Sayings, now: datetime, rules: Rules = DEFAULT_RULES
) -> Folded[People]:
    """What was said to the dispatcher's edge, taken into the ledger of whom its profile has become by now."""
    people, merged_id, _ = _known(state, record)
    profile_id = people.root(merged_id)
    profile = people.profiles[profile_id]
    statements = said(profile)
    learned = learn(profile, at=now, statements=statements, confirm_within=rules.confirm_within)
    after = taken_in(people, profile_id, learned, now)
    return Folded(after, consequences=told_of(profile_id, learned, statements[0].meant_at))


def _known(state: People | None, record: Record) -> tuple[People, UUID, Profile]:
    profile_id = subject_of(record.event.subject)
    if state is None or profile_id not in state.profiles:
        raise PermanentError("unknown_profile", str(profile_id))
    return state, profile_id, state.profiles[profile_id]
