"""Whatever is watched expires once when its time is up, and never when it is done."""

from __future__ import annotations

import asyncio

from common.deadlines import Deadlines


class Task:
    def __init__(self) -> None:
        self.over = False
        self.expired = asyncio.Event()

    def done(self) -> bool:
        return self.over

    def expire(self) -> None:
        assert not self.over
        self.over = True
        self.expired.set()


async def test_what_is_not_done_in_time_expires() -> None:
    deadlines, tasks = Deadlines(0.01), [Task() for _ in range(3)]
    for task in tasks:
        deadlines.watch(task)
    tasks[0].over = True

    async with asyncio.timeout(5):
        await tasks[1].expired.wait()
        await tasks[2].expired.wait()

    assert not tasks[0].expired.is_set()


async def test_a_later_one_has_its_whole_time() -> None:
    deadlines, first, second = Deadlines(0.02), Task(), Task()
    loop = asyncio.get_running_loop()
    deadlines.watch(first)
    await first.expired.wait()
    begun = loop.time()
    deadlines.watch(second)

    async with asyncio.timeout(5):
        await second.expired.wait()

    assert loop.time() - begun >= 0.02
