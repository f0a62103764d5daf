"""A stranger's statement of progress moves no time, holds none up, and stops nobody."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from common.contracts import encode_event, event_bytes
from common.contracts.ingestion import IngestProgressed
from common.ids import derive
from common.progress.statements import PROGRESS, statement_of
from common.streaming.ports import Fetched
from libs.common.tests.consuming.making import NOW

SOUND = IngestProgressed(partition=1, until=NOW, origin="ingest.resolve/1/life", sequences=(4, 0))


def fetched(statement: IngestProgressed, kind: str = IngestProgressed.TYPE) -> Fetched:
    identity = derive("statement")
    event = encode_event(
        statement,
        id=identity,
        source="/somebody",
        subject="1",
        time=NOW,
        workspace="*",
        correlationid=identity,
    )
    value = event_bytes(msgspec.structs.replace(event, type=kind))
    return Fetched(PROGRESS, 0, NOW, b"1", value, {})


def test_what_resolve_states_is_read() -> None:
    assert statement_of(fetched(SOUND), 2) == SOUND


@pytest.mark.parametrize(
    "wrong",
    [
        {"partition": 2, "origin": "ingest.resolve/2/life"},
        {"partition": -1, "origin": "ingest.resolve/-1/life"},
        {"until": NOW.replace(tzinfo=None)},
        {"sequences": ()},
        {"sequences": (4, 0, 0)},
        {"sequences": (4, -1)},
        {"origin": "stranger"},
        {"origin": "ingest.resolve/0/life"},
    ],
    ids=str,
)
def test_what_resolve_cannot_have_stated_says_nothing(wrong: dict[str, Any]) -> None:
    assert statement_of(fetched(msgspec.structs.replace(SOUND, **wrong)), 2) is None


def test_what_is_no_statement_says_nothing() -> None:
    assert statement_of(fetched(SOUND, "nobody.knows.v1"), 2) is None
    assert statement_of(Fetched(PROGRESS, 0, NOW, None, None, {}), 2) is None
