"""Whom a publication concerns is woken, a bounded row at a time; nobody else is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from uuid import UUID

from common.configuration import Configuration, Content
from common.contracts import Event, decode_event
from common.contracts.configuration import Resumption, Transition
from common.contracts.decisions import ProfileWoken
from common.errors import TransientError
from common.ids import derive
from common.streaming.ports import Outgoing, Place
from orchestrator import jobs
from orchestrator.jobs import Waking
from services.orchestrator.tests.living import START, configuration, playbook
from services.orchestrator.tests.storing import FakeSleepers, Sleeper

SECOND = timedelta(seconds=1)
HEAD = "purpose: marketing\ntrigger: {event: Page Viewed}\nentry: {again: always}\nsteps:\n"
SAY = "  - propose: {message: reminder, channels: [email], expires_after: 24h}\n"
OLD = playbook(
    "greeting", HEAD + "  - {id: a, wait: {for: 1h}}\n" + SAY + "  - {id: b, wait: {for: 1h}}\n"
)
NEW = playbook("greeting", HEAD + SAY + "  - {id: b, wait: {for: 2h}}\n" + SAY)


class Appended:
    """A publisher that remembers, and fails on demand."""

    def __init__(self) -> None:
        self.rows: list[tuple[Place, Sequence[Outgoing]]] = []
        self.away = False
        self._tries = asyncio.Queue[None]()

    async def publish(self, place: Place, records: Sequence[Outgoing]) -> None:
        self._tries.put_nowait(None)
        if self.away:
            raise TransientError("kafka_unavailable")
        self.rows.append((place, records))

    async def tried(self) -> None:
        """Wait until something was appended, or was to be."""
        async with asyncio.timeout(3):
            await self._tries.get()

    @property
    def events(self) -> list[Event]:
        return [decode_event(one.value or b"") for _, row in self.rows for one in row]

    @property
    def woken(self) -> list[str]:
        assert all(event.type == ProfileWoken.TYPE for event in self.events)
        return [event.subject for event in self.events]


class Given:
    """The configuration in force."""

    def __init__(self, current: Configuration) -> None:
        self.current = current
        self._news = asyncio.Event()

    async def changed(self, since: Configuration) -> Configuration:
        while self.current is since:
            await self._news.wait()
            self._news.clear()
        return self.current

    def publish(self, configuration: Configuration) -> None:
        self.current = configuration
        self._news.set()


def sleeper(number: int, content: Content = OLD, step: int = 0, *, held: bool = False) -> Sleeper:
    return Sleeper(UUID(int=number), "shop", content.name, content.hash, step, held)


async def look(shop: Configuration, *people: Sleeper) -> Appended:
    appended = Appended()
    moments = count()
    waking = Waking(
        FakeSleepers(people),
        appended,
        Given(shop),
        lambda _, key: key[-1] % 2,
        lambda: START + next(moments) * SECOND,
    )
    assert await waking.look(shop) == len(appended.woken)
    return appended


def publication(under_way: str, to: str = NEW.hash) -> Configuration:
    chosen = Transition(
        playbook="greeting",
        to=to,
        under_way="cancel" if under_way == "cancel" else "migrate",
        at=START,
    )
    return configuration(NEW, older=[OLD], transitions=(chosen,))


async def test_nobody_is_woken_where_everybody_finishes_on_their_version() -> None:
    assert (await look(configuration(NEW, older=[OLD]), sleeper(1))).woken == []


async def test_who_has_a_place_in_the_new_version_is_woken() -> None:
    people = [sleeper(1, step=0), sleeper(2, step=2), sleeper(3, NEW, 1)]

    assert (await look(publication("migrate"), *people)).woken == [str(UUID(int=2))]


async def test_who_is_cancelled_is_woken_wherever_they_rest() -> None:
    people = [sleeper(1, step=0), sleeper(2, step=2), sleeper(3, NEW, 1)]

    assert (await look(publication("cancel"), *people)).woken == [
        str(UUID(int=1)),
        str(UUID(int=2)),
    ]


async def test_who_is_held_is_woken_when_the_playbook_goes_on() -> None:
    people = [sleeper(1), sleeper(2, held=True)]
    on = configuration(OLD, resumed=(Resumption(playbook="greeting"),))
    off = configuration(OLD, paused=("greeting",))

    assert (await look(on, *people)).woken == [str(UUID(int=2))]
    assert (await look(off, *people)).woken == []


async def test_many_are_woken_row_by_row_on_the_partitions_where_they_are() -> None:
    people = [
        Sleeper(derive("person", n), "shop", "greeting", OLD.hash, 2, held=False)
        for n in range(2 * jobs.AT_ONCE + 1)
    ]

    appended = await look(publication("migrate"), *people)

    assert sorted(appended.woken) == sorted(str(one.profile_id) for one in people)
    assert max(len(row) for _, row in appended.rows) <= jobs.AT_ONCE
    assert {place.partition for place, _ in appended.rows} == {0, 1}


async def test_two_words_to_one_person_are_two_events() -> None:
    """What a second word leads to, such as another passage, is not what the first one led to."""
    person = sleeper(1, step=2, held=True)
    shop = configuration(
        NEW,
        older=[OLD],
        transitions=publication("migrate").releases["shop"].transitions,
        resumed=(Resumption(playbook="greeting"),),
    )

    appended = await look(shop, person)

    assert appended.woken == [str(UUID(int=1))] * 2
    assert len({event.id for event in appended.events}) == 2


async def test_a_publication_is_noticed_at_once_also_after_the_log_was_away() -> None:
    appended, published = Appended(), Given(configuration(OLD))
    waking = Waking(
        FakeSleepers([sleeper(1)]), appended, published, lambda _, key: key[-1] % 2, lambda: START
    )
    running = asyncio.create_task(waking.run())
    appended.away = True
    published.publish(publication("cancel"))
    await appended.tried()
    appended.away = False
    published.publish(publication("cancel"))
    await appended.tried()
    running.cancel()

    assert appended.woken == [str(UUID(int=1))]


async def test_what_another_process_is_at_is_left_to_it() -> None:
    sleepers, appended, shop = FakeSleepers([sleeper(1)]), Appended(), publication("cancel")
    waking = Waking(sleepers, appended, Given(shop), lambda _, key: key[-1] % 2, lambda: START)

    async with sleepers.turn():
        assert await waking.look(shop) == 0
    assert await waking.look(shop) == 1
