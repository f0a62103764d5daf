"""What is read ahead is given once and in order, and is dropped where the reader is set back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from common.errors import PermanentError, TransientError
from common.intake.ahead import ReadAhead
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
