"""Who may own a partition after two processes held different words of the elector."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from common.consuming.ownership import LOOK_AGAIN, SILENCE, Ownership
from common.streaming.ports import FencedError, Ledger
from common.testing.postgres import FakeDatabase
from common.testing.postgres_ledger import FakeLedger
from libs.common.tests.consuming.making import LOOP


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def two_processes(seconds: Seconds) -> tuple[Ownership, Ownership]:
    database = FakeDatabase()
    first, second = (Ownership(LOOP, FakeLedger(database, LOOP), seconds) for _ in range(2))
    return first, second


async def fenced(rightful: Ownership, late: Ownership) -> None:
    """One holds the newer word of the elector; the other acts on an older one after it."""
    await rightful.on_assigned(frozenset({0}))
    await rightful.take_gained()
    await late.on_assigned(frozenset({0}))
    await late.take_gained()
    with pytest.raises(FencedError):
        await rightful.reload()
    rightful.fence({0})


async def test_who_was_fenced_waits_for_the_electors_word() -> None:
    rightful, late = two_processes(seconds := Seconds())
    await fenced(rightful, late)

    seconds.now = SILENCE - 1
    assert not rightful.pending
    assert await rightful.take_gained() == []
    await rightful.on_assigned(frozenset({0}))
    assert [standing.partition for standing in await rightful.take_gained()] == [0]


async def test_a_partition_that_a_late_process_took_does_not_stay_without_an_owner() -> None:
    rightful, late = two_processes(seconds := Seconds())
    await fenced(rightful, late)
    await late.on_assigned(frozenset())
    assert late.release_lost() == {0}

    seconds.now = SILENCE
    assert rightful.pending
    assert [standing.partition for standing in await rightful.take_gained()] == [0]
    assert not rightful.pending


async def test_nobody_relies_on_a_process_before_it_owns_what_it_was_given() -> None:
    owner, other = two_processes(Seconds())
    settled = [owner.settled]
    await owner.on_assigned(frozenset({0}))
    settled.append(owner.settled)
    await owner.take_gained()
    settled.append(owner.settled)
    await other.on_assigned(frozenset())  # one process more than there are partitions

    assert settled == [False, False, True]
    assert other.settled


async def test_an_alarm_leaves_with_its_partition() -> None:
    owner, _ = two_processes(Seconds())
    await owner.on_assigned(frozenset({0}))
    await owner.take_gained()

    def alarm() -> float | None:
        labels = {"loop": LOOP, "partition": "0", "reason": "log_changed"}
        return REGISTRY.get_sample_value("cuestream_partition_stopped", labels)

    owner.stop(0, "log_changed the topic is another one")
    assert alarm() == 1
    await owner.on_assigned(frozenset())
    owner.release_lost()
    assert alarm() is None


async def test_a_partition_that_an_operator_freed_is_taken_anew_without_waiting() -> None:
    owner, other = two_processes(seconds := Seconds())
    await fenced(owner, other)
    await other.on_assigned(frozenset({0}))
    other.stop(0, "log_changed the topic is another one")
    seconds.now = LOOK_AGAIN
    nothing = await other.freed(), await owner.freed()

    _free(other.ledger)
    too_early = await other.freed()
    seconds.now = 2 * LOOK_AGAIN
    freed = await other.freed()
    taken = await other.take_gained()

    assert nothing == (frozenset(), frozenset())
    assert (too_early, freed) == (frozenset(), frozenset({0}))
    assert other.stopped == {}
    assert [(standing.partition, standing.epoch) for standing in taken] == [(0, 4)]
    assert await owner.freed() == frozenset()  # it has an owner again


def _free(ledger: Ledger) -> None:
    """Take the partition from whoever has it, as `Oversight.accept` does."""
    assert isinstance(ledger, FakeLedger)
    tables = ledger.database.tables
    epoch, batch = tables["partitions", LOOP][0]
    tables["partitions", LOOP][0] = (epoch + 1, batch)
    tables["released", LOOP][0] = epoch + 1
