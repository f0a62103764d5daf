"""A record as a book and a fold meet it."""

from __future__ import annotations

import msgspec
import pytest

from common.contracts import encode_event
from common.contracts.ingestion import IngestTicked
from common.errors import PermanentError
from common.ids import derive
from common.streaming.model import Record
from libs.common.tests.consuming.making import NOW


def record() -> Record:
    event = encode_event(
        IngestTicked(partition=1),
        id=derive("a record"),
        source="/test",
        subject="1",
        time=NOW,
        workspace="demo",
        correlationid=derive("a record"),
    )
    return Record("ingest.events", 1, 7, NOW, NOW, event)


def test_what_a_book_worked_out_the_fold_need_not_work_out_again() -> None:
    asked: list[int] = []

    def offset(of: Record) -> int:
        asked.append(of.offset)
        return of.offset

    one = record()

    assert [one.worked_out(offset), one.worked_out(offset)] == [7, 7]
    assert asked == [7]
    assert one == record()


def test_another_record_is_worked_out_anew() -> None:
    def offset(of: Record) -> int:
        return of.offset

    one = record()
    other = msgspec.structs.replace(one, offset=8)

    assert [one.worked_out(offset), other.worked_out(offset)] == [7, 8]


def test_what_cannot_be_worked_out_fails_each_time() -> None:
    def fail(_: Record) -> int:
        raise PermanentError("undecodable", "as it is")

    one = record()

    for _ in range(2):
        with pytest.raises(PermanentError):
            one.worked_out(fail)
