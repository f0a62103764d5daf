"""What is read ahead is given once and in order, and is dropped where the reader is set back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from common.errors import PermanentError, TransientError
from common.intake.ahead import ReadAhead, beside
from common.streaming.ports import Fetched, Outgoing, Place, Reader
from common.testing.log import FakeLog

PLACE = Place("ingest.events", 0)


@pytest.fixture
def log() -> FakeLog:
    log = FakeLog()
    log.append(PLACE, *(Outgoing(None, b"%d" % number) for number in range(6)))
    return log


@pytest.fixture
async def reader(log: FakeLog) -> AsyncIterator[Reader]:
    async with log.reader() as reader:
        await reader.assign({PLACE: 0})
        yield reader


async def values(ahead: ReadAhead, most: int = 2) -> list[bytes | None]:
    return [item.value for item in await ahead.poll(most, 0.01)]


async def test_what_was_read_ahead_comes_first(reader: Reader) -> None:
    ahead = ReadAhead(reader, lambda _: None)
    assert await values(ahead) == [b"0", b"1"]

    ahead.begin(3)

    assert await values(ahead) == [b"2", b"3", b"4"]
    assert await values(ahead) == [b"5"]


async def test_where_nothing_was_there_ahead_it_is_asked_again(
    log: FakeLog, reader: Reader
) -> None:
    ahead = ReadAhead(reader, lambda _: None)
    await ahead.poll(10, 0.01)
    ahead.begin(2)

    log.append(PLACE, Outgoing(None, b"late"))

    assert await values(ahead) == [b"late"]


async def test_what_was_forgotten_is_read_again_from_where_the_reader_is_set(
    reader: Reader,
) -> None:
    ahead = ReadAhead(reader, lambda _: None)
    ahead.begin(4)

    await ahead.forget()
    reader.seek(PLACE, 1)

    assert await values(ahead) == [b"1", b"2"]


async def test_an_error_ahead_is_met_by_the_next_poll(log: FakeLog, reader: Reader) -> None:
    ahead = ReadAhead(reader, lambda _: None)
    log.fail_next_polls()
    ahead.begin(2)

    with pytest.raises((TransientError, PermanentError)):
        await values(ahead)

    assert await values(ahead) == [b"0", b"1"]


async def test_what_is_read_ahead_is_prepared_before_it_is_asked_for(reader: Reader) -> None:
    prepared: list[Fetched] = []
    ahead = ReadAhead(reader, prepared.extend)
    ahead.begin(2)

    taken = await ahead.poll(2, 0.01)

    assert taken == prepared
    assert [one is other for one, other in zip(taken, prepared, strict=True)] == [True, True]


class Database:
    """A statement that is answered when the test says so."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.sent, self.answer = asyncio.Event(), asyncio.Event()

    async def statement(self) -> None:
        self.told.append("sent")
        self.sent.set()
        try:
            await self.answer.wait()
        finally:
            self.told.append("over")

    def own(self) -> int:
        self.told.append("own")
        self.answer.set()
        return 7


async def test_our_own_work_is_done_between_a_statement_and_its_answer() -> None:
    database = Database()

    assert await beside(database.statement(), database.own) == 7

    assert database.told == ["sent", "own", "over"]


async def test_a_statement_does_not_outlive_our_own_failure() -> None:
    database = Database()

    def fails() -> None:
        raise PermanentError("undecodable", "")

    with pytest.raises(PermanentError):
        await beside(database.statement(), fails)

    assert database.told == ["sent", "over"]


async def test_whoever_is_cancelled_leaves_no_statement_behind() -> None:
    database = Database()
    task = asyncio.create_task(beside(database.statement(), lambda: None))
    await database.sent.wait()

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert database.told == ["sent", "over"]
