"""A tape gives every record of every place up to where it ended."""

from __future__ import annotations

import pytest

from common.errors import PermanentError
from common.kafka import scan
from common.recovery.tape import Tape
from common.streaming.ports import Fetched, Outgoing, Place
from common.testing.log import FakeLog

ZERO, ONE = Place("decisions", 0), Place("decisions", 1)


def log_of(*texts: str) -> FakeLog:
    """The same records on both places."""
    log = FakeLog()
    for place in (ZERO, ONE):
        log.append(place, *(Outgoing(b"a", text.encode()) for text in texts))
    return log


async def rest_of(tape: Tape, place: Place) -> list[bytes | None]:
    found: list[Fetched] = []
    while (record := await tape.next(place)) is not None:
        found.append(record)
    return [record.value for record in found]


async def test_each_place_is_read_to_where_it_ended() -> None:
    log = log_of("one", "two", "three")
    async with log.reader() as reader:
        tape = Tape(reader)
        await tape.wind({ZERO: None, ONE: 2})
        log.append(ZERO, Outgoing(b"a", b"later"))

        assert await rest_of(tape, ONE) == [b"three"]
        assert await rest_of(tape, ZERO) == [b"one", b"two", b"three"]


async def test_what_others_had_the_reader_pause_is_read() -> None:
    log = log_of("one")
    async with log.reader() as reader:
        await scan(reader, [ZERO], lambda _: True)
        tape = Tape(reader)
        await tape.wind({ZERO: None, ONE: None})

        assert await rest_of(tape, ONE) == [b"one"]
        assert await rest_of(tape, ZERO) == [b"one"]


async def test_a_log_that_no_longer_holds_the_begin_is_too_short() -> None:
    log = log_of("one", "two")
    log.trim(ZERO, 1)
    async with log.reader() as reader:
        with pytest.raises(PermanentError, match="log_too_short"):
            await Tape(reader).wind({ZERO: 0})
