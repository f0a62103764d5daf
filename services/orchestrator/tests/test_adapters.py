"""Reading the past and following decisions, on the log in memory; announcing, until a process has it in force."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from common.clock import EPOCH
from common.configuration import content_of
from common.configuration.feed import ConfigurationFeed
from common.consuming import Record
from common.contracts import event_bytes
from common.contracts.decisions import DecisionMade
from common.ids import derive
from common.streaming.ports import Outgoing, Place
from common.testing.log import FakeLog
from orchestrator.adapters.announcer import KafkaAnnouncer
from orchestrator.adapters.decision_feed import KafkaDecisionFeed
from orchestrator.adapters.history import KafkaHistory
from orchestrator.adapters.source_feed import REPORTS, KafkaSourceFeed
from orchestrator.ports.publication import PublishedRelease
from services.orchestrator.tests.reading import ANNA, START, YES, Diary
from services.orchestrator.tests.unit.test_source_page import reported

BERT = derive("test", "bert")


class Kafka:
    """A log in memory with a clock that a test turns."""

    def __init__(self) -> None:
        self.now = START
        self.log = FakeLog(clock=lambda: self.now)

    def write(self, records: Sequence[Record]) -> None:
        for record in records:
            key = record.event.subject.encode()
            place = Place(record.topic, self.log.partition_for(record.topic, key))
            accepted = b"%d" % ((record.accepted_at - EPOCH) // timedelta(microseconds=1))
            self.log.append(place, Outgoing(key, event_bytes(record.event), {"accepted": accepted}))


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


def lived(profile: UUID = ANNA, seconds: float = 0) -> Diary:
    diary = Diary(profile)
    diary.does("Product Added", seconds)
    diary.decides("chosen", "eligible", seconds + 1, candidates=(YES,), enrollment=profile)
    return diary


async def test_a_profiles_records_are_found_on_all_topics_and_no_one_elses(kafka: Kafka) -> None:
    anna = lived()
    kafka.write([*anna.records, *lived(BERT).records])

    found = await KafkaHistory(kafka.log).of_profile(
        ANNA, ["profile.activity", "decisions"], since=None
    )

    assert found.complete
    assert {record.event.id for record in found.records} == {r.event.id for r in anna.records}
    assert {record.accepted_at for record in found.records} == {r.accepted_at for r in anna.records}


async def test_what_is_older_than_asked_for_is_not_read(kafka: Kafka) -> None:
    kafka.write(lived().records)
    kafka.now += timedelta(hours=1)

    found = await KafkaHistory(kafka.log).of_profile(ANNA, ["profile.activity"], since=kafka.now)

    assert found.records == ()


async def test_an_unreadable_record_does_not_hide_the_others(kafka: Kafka) -> None:
    key = str(ANNA).encode()
    place = Place("profile.activity", kafka.log.partition_for("profile.activity", key))
    kafka.log.append(place, Outgoing(key, b"nonsense"))
    kafka.write(lived().records)

    found = await KafkaHistory(kafka.log).of_profile(ANNA, ["profile.activity"], since=None)

    assert len(found.records) == 1


async def test_a_decision_is_found_wherever_it_is(kafka: Kafka) -> None:
    anna = lived()
    kafka.write([*lived(BERT).records, *anna.records])
    decision_id = anna.records[1].event.payload(DecisionMade).decision_id

    found = await KafkaHistory(kafka.log).decision(decision_id, since=None)

    assert found is not None
    assert found.event.subject == str(ANNA)
    assert await KafkaHistory(kafka.log).decision(ANNA, since=None) is None


async def following(kafka: Kafka, *, since: datetime, at_least: int, count: int) -> list[str]:
    """The profiles of the first so many decisions that the feed gives."""
    found: list[str] = []
    async with asyncio.timeout(20):
        async for records in KafkaDecisionFeed(kafka.log).follow(since=since, at_least=at_least):
            found += [record.event.subject for record in records]
            if len(found) >= count:
                break
    return found


async def test_the_feed_begins_with_the_recent_past_in_order(kafka: Kafka) -> None:
    people = [derive("test", number) for number in range(5)]
    for number, person in enumerate(people):
        kafka.now = START + timedelta(minutes=number)
        kafka.write(lived(person).records)

    past = await following(kafka, since=START + timedelta(minutes=3), at_least=0, count=2)

    assert past[-2:] == [str(person) for person in people[3:]]
    assert past == [str(person) for person in people if str(person) in past]


async def test_the_feed_looks_farther_back_where_little_fell(kafka: Kafka) -> None:
    kafka.write(lived().records)

    past = await following(kafka, since=START + timedelta(hours=2), at_least=200, count=1)

    assert past == [str(ANNA)]


async def test_the_feed_goes_on_after_the_log_was_away(kafka: Kafka) -> None:
    kafka.write(lived().records)
    task = asyncio.create_task(following(kafka, since=START, at_least=1, count=2))
    await asyncio.sleep(0)
    kafka.log.fail_next_polls()
    kafka.write(lived(BERT).records)

    assert sorted(await task) == sorted([str(ANNA), str(BERT)])


async def test_what_is_announced_comes_into_force(kafka: Kafka) -> None:
    content = content_of("playbook", "cart", {"journey.yaml": "x"})
    release = PublishedRelease("shop", 1, (content.key,), True, START, "key:1")
    async with kafka.log.publisher() as publisher, kafka.log.reader() as reader:
        announce = KafkaAnnouncer(publisher, lambda: START)
        await announce(content)
        await announce(release)
        await announce(release)  # again, as after a lost acknowledgement

        feed = ConfigurationFeed(reader)
        running = asyncio.create_task(feed.run())
        async with asyncio.timeout(10):
            await feed.wait_ready()
        running.cancel()

    in_force = feed.current.release("shop")
    assert in_force is not None
    assert (in_force.number, in_force.contents, in_force.live) == (1, (content,), True)


async def sources_of(kafka: Kafka, until: str) -> list[str]:
    """The sources that the feed tells of, up to the first time that it tells of one."""
    found: list[str] = []
    async with asyncio.timeout(20):
        async for records in KafkaSourceFeed(kafka.log).follow():
            found += [record.event.subject for record in records]
            if until in found:
                break
    return found


def reports(*names: str) -> list[Outgoing]:
    return [Outgoing(f"demo/{name}".encode(), event_bytes(reported(name).event)) for name in names]


async def test_the_source_feed_begins_with_every_last_report(kafka: Kafka) -> None:
    kafka.log.append(REPORTS, *reports("shop", "site", "shop"), Outgoing(b"x", b"nonsense"))
    kafka.log.compact(REPORTS)

    assert await sources_of(kafka, "shop") == ["site", "shop"]


async def test_the_source_feed_reads_anew_after_the_log_was_away(kafka: Kafka) -> None:
    kafka.log.append(REPORTS, *reports("shop"))
    task = asyncio.create_task(sources_of(kafka, "site"))
    await asyncio.sleep(0)
    kafka.log.fail_next_polls()
    kafka.log.append(REPORTS, *reports("site"))

    told = await task
    assert (set(told), told[-1]) == ({"shop", "site"}, "site")
