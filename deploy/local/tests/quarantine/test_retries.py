"""From a fold with a bug to its repair: on the runtime, with what the command reads and appends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from common.clock import utc_now
from common.configuration import Configuration
from common.consuming import Consumer, Folded, Handlers, Loop, Signal, Surroundings, TimerDue
from common.contracts.profiles import ActivityRecorded
from common.streaming.ports import Outgoing
from common.testing.settled import Settled
from cuestream.commands.quarantine import retrying
from cuestream.commands.quarantine.asking import Done, append, named, read
from cuestream.commands.quarantine.items import Item
from libs.common.tests.consuming.making import (
    LOOP,
    RELEASES,
    Tally,
    activity,
    fold_activity,
    fold_timer,
    outgoing,
    profile,
)
from libs.common.tests.consuming.world import INPUTS, World, make_fake_world, until

ANNA = profile(1)


@dataclass
class Service:
    """The ten-line service, with a bug that somebody repairs."""

    world: World = field(default_factory=make_fake_world)
    broken: bool = True

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        pace = replace(self.world.pace, observe=0.01)
        around = Surroundings(self.world.log, self.world.ledger(), Settled(RELEASES), pace)
        loop = Loop(LOOP, "profile.activity", INPUTS, self._handlers, self.world.book)
        task = asyncio.create_task(Consumer(loop, around).run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _handlers(self, _: Configuration) -> Handlers[Tally]:
        return Handlers({ActivityRecorded.TYPE: self._activity}, self._timer)

    def _activity(self, state: Tally | None, signal: Signal, now: datetime) -> Folded[Tally]:
        assert not isinstance(signal, TimerDue)
        if self.broken and signal.event.payload(ActivityRecorded).name == "Odd":
            raise ZeroDivisionError
        return fold_activity(state, signal, now)

    def _timer(self, state: Tally | None, signal: Signal, now: datetime) -> Folded[Tally]:
        if self.broken:
            raise ZeroDivisionError
        return fold_timer(state, signal, now)

    async def see(self, *names: str) -> None:
        records: list[Outgoing] = [
            outgoing(ANNA, activity(ANNA, name, name), message=name, headers=numbered(number))
            for number, name in enumerate(names, 1)
        ]
        await self.world.append("profile.activity", 0, *records)

    async def items(self) -> Sequence[Item]:
        return [item for item in (await read(self.world.log)).items if item.settled is None]

    async def waiting(self, count: int) -> Sequence[Item]:
        async def are_there() -> Sequence[Item]:
            found = await self.items()
            return found if len(found) == count else ()

        found: Sequence[Item] = await until(f"{count} items", are_there)
        return found

    async def retry(self, *items: Item) -> Done:
        make = partial(retrying.retry, by="ops", now=utc_now())
        return await append(self.world.log, items, make)

    async def tally(self) -> tuple[int, int]:
        book: Any = self.world.book
        timer = TimerDue(0, "shop", ANNA, "silence", utc_now(), ANNA)
        async with self.world.ledger().transaction() as tx:
            state = (await book.load(tx, [timer])).entry(timer).state or Tally()
        return state.count, state.silences

    async def until_tally(self, count: int, silences: int) -> None:
        async def reached() -> bool:
            return await self.tally() == (count, silences)

        await until(f"{count} and {silences}", reached)


def numbered(number: int) -> dict[str, bytes]:
    return {"origin": b"ingest.resolve/0/x", "sequence": b"%d" % number}


@pytest.fixture
def service() -> Service:
    return Service()


async def test_after_the_repair_it_is_folded_once_however_often_it_is_asked(
    service: Service,
) -> None:
    await service.see("Page Viewed", "Odd")
    async with service.running():
        [item] = await service.waiting(1)
        service.broken = False
        done = await service.retry(item, item)
        await service.retry(item)
        await service.see("Page Viewed", "Odd", "Later")
        await service.until_tally(3, 0)

    assert item.reason == "fold_failed"
    assert (len(done.appended), done.refused) == (2, [])
    assert await service.items() == []


async def test_what_was_set_aside_comes_back_in_any_order(service: Service) -> None:
    names = [f"Page {number}" for number in range(3)]
    await service.see("Odd", *names)
    async with service.running():
        [event] = await service.waiting(1)
        await service.until_tally(3, 0)
        await service.world.state_progress([4, 0], timedelta(hours=1))
        found = await service.waiting(2)
        timer = next(item for item in found if item.kind == "timer")
        service.broken = False
        await service.retry(timer, event, timer)
        # The event sets a timer that is due by then: so two silences, one of them retried.
        await service.until_tally(4, 2)

    assert timer.origin[1] == -1


async def test_what_fails_again_lies_with_the_commands_and_can_be_retried_again(
    service: Service,
) -> None:
    await service.see("Odd")
    async with service.running():
        [first] = await service.waiting(1)
        await service.retry(first)

        async def failed_again() -> Item | None:
            found = await service.items()
            return found[0] if found and found[0].topic == "scoring.commands" else None

        again: Item = await until("the second failure", failed_again)
        service.broken = False
        await service.retry(again)
        await service.until_tally(1, 0)

    assert named(await read(service.world.log), again.spot.text).state == "retried"
    assert await service.items() == []


async def test_what_is_discarded_is_read_and_not_folded(service: Service) -> None:
    await service.see("Odd")
    async with service.running():
        [item] = await service.waiting(1)

        def make(one: Item, _: object) -> retrying.Command:
            return retrying.discard(one, by="ops", now=utc_now())

        await append(service.world.log, [item], make)
        await service.see("Odd", "Later")
        await service.until_tally(1, 0)

    assert await service.items() == []
