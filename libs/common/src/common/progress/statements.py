"""Reads what resolve states on `ingest.progress`, and nothing that a stranger says there."""

from __future__ import annotations

from common.contracts import decode_event
from common.contracts.ingestion import IngestProgressed
from common.errors import PermanentError
from common.streaming.ports import Fetched, Place

PROGRESS = Place("ingest.progress", 0)


def statement_of(fetched: Fetched, partitions: int) -> IngestProgressed | None:
    """The statement in a record; None for what resolve cannot have written: it says nothing of time.

    All timers hang on these few fields, so each is looked at: one raw partition too many, and time stood still.
    """
    try:
        event = decode_event(fetched.value or b"")
        if event.type != IngestProgressed.TYPE:
            return None
        statement = event.payload(IngestProgressed)
    except PermanentError:
        return None
    return statement if _is_sound(statement, partitions) else None


def _is_sound(statement: IngestProgressed, partitions: int) -> bool:
    owner = statement.origin.split("/")[1:2]
    return (
        0 <= statement.partition < partitions
        and owner == [str(statement.partition)]
        and statement.until.tzinfo is not None
        and len(statement.sequences) == partitions
        and min(statement.sequences) >= 0
    )
