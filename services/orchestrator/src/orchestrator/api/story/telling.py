"""Makes a story of records: each once, in the order in which they were accepted, with a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from common.contracts import Payload
from common.contracts.decisions import EnrollmentExited
from common.streaming.model import Record
from orchestrator.api.story.entries import Entry
from orchestrator.api.words.line import Past
from orchestrator.api.words.telling import tell

TOPICS: Sequence[str] = (
    "profile.activity",
    "profile.scores",
    "journey.steps",
    "decisions",
    "action.requests",
    "delivery.status",
)
"""In the order of cause and effect, which orders what was accepted at the same instant."""

_RANK: Mapping[str, int] = {
    **{topic: rank for rank, topic in enumerate(TOPICS)},
    # An enrollment ends with the decision, so one reads of its end after it.
    EnrollmentExited.TYPE: len(TOPICS),
}

_LAST: Final = 2**63
"""The place of a chain whose beginning is not among the records."""


def entries_of(
    records: Iterable[Record], *, workspace: str | None, until: datetime | None = None
) -> list[Entry]:
    """All records as entries, told one after the other."""
    past = Past()
    once = list(_once(records))
    began = _beginnings(once)
    return [
        _entry(record, past)
        for record in sorted(once, key=lambda record: _order(record, began))
        if (workspace is None or record.workspace == workspace)
        and (until is None or record.accepted_at <= until)
    ]


def about(entries: Sequence[Entry], correlation_id: UUID) -> list[Entry]:
    """What one accepted event led to, and what then became of the enrollments it entered or moved."""
    direct = [entry for entry in entries if entry.correlation_id == correlation_id]
    moved = {entry.enrollment_id for entry in direct} - {None}
    began = min((entry.at for entry in direct), default=None)
    return [
        entry
        for entry in entries
        if entry.correlation_id == correlation_id
        or (entry.enrollment_id in moved and began is not None and entry.at >= began)
    ]


def _once(records: Iterable[Record]) -> Iterable[Record]:
    """The outbox may publish a record again under the same id; the first one counts."""
    seen: set[UUID] = set()
    for record in records:
        if record.event.id not in seen:
            seen.add(record.event.id)
            yield record


def _beginnings(records: Iterable[Record]) -> Mapping[UUID, int]:
    """Where each chain began in the log of activities: the order of what was accepted at the same instant."""
    began: dict[UUID, int] = {}
    for record in records:
        if record.topic == TOPICS[0]:
            began[record.correlation] = min(record.offset, began.get(record.correlation, _LAST))
    return began


def _order(record: Record, began: Mapping[UUID, int]) -> tuple[datetime, int, int, datetime, int]:
    rank = _RANK.get(record.event.type, _RANK.get(record.topic, len(TOPICS)))
    chain = began.get(record.correlation, _LAST)
    return (record.accepted_at, chain, rank, record.appended_at, record.offset)


def _entry(record: Record, past: Past) -> Entry:
    line, payload = tell(record.event, record.accepted_at, past)
    event = record.event
    return Entry(
        at=record.accepted_at,
        appended_at=record.appended_at,
        topic=record.topic,
        type=event.type,
        id=event.id,
        workspace=event.workspace,
        profile_id=event.subject,
        correlation_id=event.correlationid,
        causation_id=event.causationid,
        text=line.text,
        tone=line.tone,
        playbook=_text(payload, "playbook"),
        enrollment_id=_id(payload, "enrollment_id"),
        decision_id=_id(payload, "decision_id"),
        due_at=getattr(payload, "due_at", None),
        data=msgspec.json.decode(event.data),
        readable=payload is not None,
    )


def _text(payload: Payload | None, field: str) -> str | None:
    value = getattr(payload, field, None)
    return value if isinstance(value, str) else None


def _id(payload: Payload | None, field: str) -> UUID | None:
    value = getattr(payload, field, None)
    return value if isinstance(value, UUID) else None
