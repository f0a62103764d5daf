"""What the simulation found: each a schedule that went wrong once, reduced to what it takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import nullcontext

import pytest
from typing_extensions import override

from common.consuming.ownership import refuse_restored
from common.errors import PermanentError, TransientError
from common.streaming.ports import Place
from common.testing.log import FakeLog
from libs.common.tests.consuming.making import activity, outgoing, profile
from libs.common.tests.consuming.world import make_fake_world, until

ANNA = profile(1)


class LogThatFailsOnce(FakeLog):
    """A Kafka that does not answer the n-th question for a partition's bounds."""

    def __init__(self, partitions: int, nth: int) -> None:
        super().__init__(partitions)
        self._left = nth

    @override
    async def passage(self, act: str) -> None:
        if act == "bounds":
            self._left -= 1
            if self._left == 0:
                raise TransientError("kafka_unavailable")


async def test_a_takeover_that_fails_half_way_is_taken_up_again() -> None:
    world = make_fake_world(2)
    log = world.log = LogThatFailsOnce(2, nth=3)  # the follower's, then one for each partition
    log.append(Place("profile.activity", 0), outgoing(ANNA, activity(ANNA)))

    async with world.owner():
        await until("the score", lambda: _scored(log))


@pytest.mark.parametrize(("committed", "restored"), [(1, False), (0, True)])
async def test_an_owner_that_goes_on_is_no_restored_database(
    committed: int, restored: bool
) -> None:
    world = make_fake_world(1)
    await world.append("profile.activity", 0, outgoing(ANNA, activity(ANNA)))
    async with world.owner(), world.log.reader() as reader:
        await until("the journal", lambda: world.read("scoring.journal"))

        async def again(partitions: Collection[int]) -> Mapping[int, int]:
            return dict.fromkeys(partitions, committed)

        with pytest.raises(PermanentError) if restored else nullcontext():
            # Loaded before the other owner's first batch, as by a process that was stopped in between.
            await refuse_restored({0: 0}, "scoring.journal", "fake", reader, again)


async def _scored(log: FakeLog) -> bool:
    return bool(log.records("profile.scores"))
