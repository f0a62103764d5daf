"""The runtime as a whole: exactly once through every kind of death, in order, on fakes and on the real parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import msgspec
from typing_extensions import override

from common.configuration import Configuration
from common.consuming import Book, Sheet, Signal, Transaction
from common.contracts import decode_event
from common.contracts.runtime import BatchJournaled, RecordRetried
from common.errors import PermanentError
from common.streaming.ports import Outgoing, Place
from common.testing.postgres import FakeDatabase
from common.testing.settled import Settled
from libs.common.tests.consuming.making import RELEASES, Odd, Tally, activity, outgoing, profile
from libs.common.tests.consuming.world import World, events, make_fake_world, scored, scores, until

ANNA, BERT = profile(1), profile(2)
HOUR = timedelta(hours=1)


async def test_what_was_appended_is_folded_once_and_in_order(world: World) -> None:
    await world.append("profile.activity", 0, *events(50))
    async with world.owner():
        await until("fifty scores", lambda: scored(world, 50))

    assert await scores(world) == list(range(1, 51))


async def test_whoever_takes_over_goes_on_where_the_last_commit_was(world: World) -> None:
    for first in (0, 20, 40):
        await world.append("profile.activity", 0, *events(20, first=first))
        async with world.owner():
            await until("the scores so far", partial(scored, world, first + 20))

    assert await scores(world) == list(range(1, 61))


class Late(Settled):
    """Knows what the partition's last owner knew once it has asked."""

    @override
    async def catch_up(self) -> None:
        self.current = RELEASES


async def test_whoever_takes_over_knows_what_the_last_owner_may_have_acted_on(
    fake_world: World,
) -> None:
    """Else a passage that began a moment ago is on a version that nobody knows."""
    await fake_world.append("profile.activity", 0, *events(1))
    async with replace(fake_world, configuration=Late(Configuration())).owner():
        await until("the score", lambda: scored(fake_world, 1), seconds=5.0)


async def test_a_republished_record_changes_nothing(world: World) -> None:
    await world.append("profile.activity", 0, *events(10), *events(10), *events(11))
    async with world.owner():
        await until("eleven scores", lambda: scored(world, 11))

    assert await scores(world) == list(range(1, 12))


async def test_two_owners_at_once_do_no_more_than_one(world: World) -> None:
    await world.append("profile.activity", 0, *events(30))
    async with world.owner(), world.owner():
        await world.append("profile.activity", 0, *events(30, first=30))
        await until("sixty scores", lambda: scored(world, 60))

    assert await scores(world) == list(range(1, 61))


async def test_poison_goes_to_the_quarantine_and_the_partition_goes_on(world: World) -> None:
    await world.append(
        "profile.activity",
        0,
        *events(3, poison=1),
        Outgoing(b"k", b"no json"),
        outgoing(ANNA, Odd(), message="odd"),
        *events(1, first=3),
    )
    async with world.owner():
        await until("three scores", lambda: scored(world, 3))

    put_aside = await world.read("profile.activity.quarantine")
    assert sorted((i.headers["reason"], i.headers["origin_offset"]) for i in put_aside) == [
        (b"fold_failed", b"1"),
        (b"undecodable", b"3"),
        (b"unknown_type", b"4"),
    ]
    assert {i.headers["service"] for i in put_aside} == {b"scoring"}
    assert {i.headers["origin_topic"] for i in put_aside} == {b"profile.activity"}
    assert b"no json" in {i.value for i in put_aside}


async def test_poison_with_a_key_as_large_as_a_batch_can_be_put_aside(fake_world: World) -> None:
    await fake_world.append("profile.activity", 0, Outgoing(b"k" * 899_900, b"no json"))
    await fake_world.append("profile.activity", 0, *events(1))
    async with fake_world.owner():
        await until("the score", lambda: scored(fake_world, 1))

    (put_aside,) = await fake_world.read("profile.activity.quarantine")
    assert put_aside.value == b"no json"


class Picky:
    """A book on a database that takes no state of Bert's."""

    def __init__(self, book: Book[Tally], database: FakeDatabase | None) -> None:
        self._book = book
        self._fake = database is not None

    async def load(self, tx: Transaction, signals: Sequence[Signal]) -> Sheet[Tally]:
        return await self._book.load(tx, signals)

    async def save(self, tx: Transaction, sheet: Sheet[Tally]) -> None:
        await self._book.save(tx, sheet)
        berts = [key for key, entry in sheet.entries.items() if BERT in key and entry.changed]  # type: ignore[operator]
        if berts and self._fake:
            raise PermanentError("rejected_by_database", "22012")
        if berts:
            await tx.execute("SELECT 1 / 0")


async def test_a_state_that_the_database_does_not_take_costs_its_own_profile_only(
    world: World,
) -> None:
    world.book = Picky(world.book, world.database)
    berts = [outgoing(BERT, activity(BERT, message=str(n)), message=str(n)) for n in range(2)]
    await world.append("profile.activity", 0, *events(2), *berts, *events(1, first=2))
    async with world.owner():
        await until("three scores", lambda: scored(world, 3))

    put_aside = await world.read("profile.activity.quarantine")
    assert [i.headers["reason"] for i in put_aside] == [b"state_rejected"] * 2
    assert [i.headers["detail"] for i in put_aside] == [b"rejected_by_database 22012"] * 2
    assert {i.key for i in put_aside} == {str(BERT).encode()}
    assert await scores(world) == [1, 2, 3]


async def test_what_was_set_aside_is_folded_once_when_it_is_retried(world: World) -> None:
    (record,) = events(1, first=5)
    retried = RecordRetried(
        topic="profile.activity.quarantine",
        partition=0,
        offset=0,
        event=msgspec.Raw(record.value or b""),
    )
    commands = [outgoing(ANNA, retried, message=f"retry {n}") for n in range(2)]
    async with world.owner():
        await world.append("scoring.commands", 0, *commands)
        await world.append("profile.activity", 0, *events(1))
        await until("two scores", lambda: scored(world, 2))

    assert await scores(world) == [1, 2]


async def test_consequences_of_history_say_so(world: World) -> None:
    (record,) = events(1)
    old = Outgoing(record.key, record.value, {**record.headers, "history": b"1"})
    await world.append("profile.activity", 0, old)
    await world.append("profile.activity", 0, *events(1, first=1))
    async with world.owner():
        await until("two scores", lambda: scored(world, 2))

    assert [i.headers.get("history") for i in await world.read("profile.scores")] == [b"1", None]


async def test_a_timer_fires_only_when_virtual_time_has_passed_it(world: World) -> None:
    async with world.owner():
        await world.append("profile.activity", 0, *events(1))
        await until("the score", lambda: scored(world, 1))
        await world.state_progress([2, 0], HOUR)  # says that one more record is on its way
        await world.append("profile.activity", 0, *events(1, first=1))
        await until("the silence", lambda: scored(world, 3))

    # 0 is the timer's; had it overtaken the second record, it would stand before the 2.
    assert await scores(world) == [1, 2, 0]


async def test_a_timer_that_is_due_does_not_wait_for_records_that_may_come() -> None:
    world = make_fake_world()
    visitors = [
        outgoing(
            profile(number),
            activity(profile(number), "Product Viewed", str(number)),
            message=str(number),
            headers={"origin": b"ingest.resolve/0/x", "sequence": str(number).encode()},
        )
        for number in range(1, 9)
    ]
    await world.append("profile.activity", 0, *visitors)
    async with world.owner():
        await until("the scores", lambda: scored(world, 8))
    await world.state_progress([8, 0], HOUR)

    world.pace = replace(world.pace, batch=1, wait=1.0)
    async with world.owner():
        await until("the silences", lambda: scored(world, 16), seconds=5.0)


async def test_every_batch_is_in_the_journal_before_its_consequences(world: World) -> None:
    await world.append("profile.activity", 0, *events(5))
    async with world.owner():
        await until("five scores", lambda: scored(world, 5))

    entries = await world.payloads("scoring.journal", BatchJournaled)
    runs = [run for entry in entries for run in entry.runs]
    assert (runs[0].first, runs[-1].last) == (0, 4)
    assert [entry.batch for entry in entries] == list(range(1, len(entries) + 1))


async def test_sequences_are_dense_and_say_where_they_come_from(world: World) -> None:
    await world.append("profile.activity", 0, *events(25))
    async with world.owner():
        await until("the scores", lambda: scored(world, 25))

    published = await world.read("profile.scores")
    by_target: dict[Place, set[int]] = {}
    for item in published:
        assert item.headers["origin"].startswith(b"scoring.consume/0/")
        by_target.setdefault(item.place, set()).add(int(item.headers["sequence"]))
    for numbers in by_target.values():
        assert numbers == set(range(1, len(numbers) + 1))


async def test_an_id_derives_from_the_cause(world: World) -> None:
    await world.append("profile.activity", 0, *events(1))
    async with world.owner():
        await until("the score", lambda: scored(world, 1))

    [cause] = [decode_event(i.value or b"") for i in await world.read("profile.activity")]
    [effect] = [decode_event(i.value or b"") for i in await world.read("profile.scores")]
    assert (effect.causationid, effect.correlationid) == (cause.id, cause.correlationid)
