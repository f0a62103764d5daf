"""Counts and set-aside messages on a real PostgreSQL, whoever of several watches."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from common.clock import utc_now
from common.ids import accepted_event_id
from common.streaming.ports import Place
from common.telemetry import Request
from common.testing.log import FakeLog
from ingest.api.lookups import Lookups
from ingest.api.sources import Sources
from ingest.domain.people import DEFAULT_RULES
from ingest.domain.receptions import MOST_NAMES, OTHERS, Key, Tallies
from ingest.jobs import TOPICS, Watch
from ingest.store import PostgresReceptions, keep_days
from services.ingest.tests.described import as_described
from services.ingest.tests.edge import BROWSER_KEY, ORIGIN, Edge, configuration
from services.ingest.tests.integration.conftest import Registry
from services.ingest.tests.making import NOW, accepted

ADMIN = {"authorization": "Bearer key"}
KEY = hashlib.sha256(b"key").hexdigest()
PLACES = [Place(topic, 0) for topic in TOPICS]


async def asked(registry: Registry, message_id: str) -> tuple[int, Any]:
    lookups = Lookups(
        registry.directory,
        configuration,
        lambda _: DEFAULT_RULES,
        lambda _: 0,
        PostgresReceptions(registry.database),
        KEY,
    )
    handler = lookups.routes()["/v1/messages/{message_id}"]
    answer: tuple[int, Any] = await handler(Request({"message_id": message_id}, {}, ADMIN))
    as_described("/v1/messages/{message_id}", *answer)
    return answer


async def test_an_event_that_came_twice_says_so(registry: Registry) -> None:
    said = {"type": "track", "event": "x", "userId": "u1"}
    await registry.folds(accepted(said))
    await registry.folds(accepted(said, offset=1), accepted(said, offset=2))
    status, told = await asked(registry, "m1")

    assert status == 200
    (message,) = told["messages"]
    assert message["outcome"] == "accepted"
    assert [(n["outcome"], n["place"]) for n in message["noted"]] == [
        ("duplicate", "ingest.events/0/1"),
        ("duplicate", "ingest.events/0/2"),
    ]


async def test_nobody_knows_a_message_that_never_came(registry: Registry) -> None:
    status, told = await asked(registry, "never")

    assert status == 404
    assert "7 days" in told["detail"]


@asynccontextmanager
async def watching(log: FakeLog, registry: Registry) -> AsyncIterator[Watch]:
    async with log.reader() as reader:
        yield Watch(reader, PostgresReceptions(registry.database), PLACES, utc_now)


async def filled(log: FakeLog) -> None:
    """One good message, one without an identity, one of a bot, and 700 that came too fast."""
    edge = Edge(now=utc_now())
    headers = {"origin": ORIGIN, "user-agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}
    await edge.post("/v1/track", {"event": "Product Added", "userId": "u", "messageId": "good"})
    await edge.post("/v1/track", {"event": "x", "messageId": "bad"})
    await edge.post(
        "/v1/track",
        {"event": "x", "userId": "u", "messageId": "bot"},
        key=BROWSER_KEY,
        headers=headers,
    )
    many = {"batch": [{"type": "track", "event": "x", "userId": "u"}] * 700}
    await edge.post("/v1/batch", many)
    await edge.tell()
    for place, topic in zip(PLACES, (edge.events, edge.quarantine, edge.refusals), strict=True):
        log.append(place, *topic.records)


async def reported(registry: Registry) -> dict[str, Any]:
    receptions = PostgresReceptions(registry.database)
    handler = Sources(receptions, configuration, utc_now, KEY).routes()["/v1/sources"]
    answer: tuple[int, Any] = await handler(Request({}, {}, ADMIN))
    assert answer[0] == 200
    as_described("/v1/sources", *answer)
    return {source["source"]: source for source in answer[1]["sources"]}


async def test_each_set_aside_message_answers_with_its_reason(registry: Registry) -> None:
    log = FakeLog(1)
    await filled(log)
    async with watching(log, registry) as watch:
        await watch.look()

    for name, outcome, reason, source in (
        ("bad", "rejected", "no_identity", "shop"),
        ("bot", "ignored", "bot", "site"),
    ):
        status, told = await asked(registry, name)
        (message,) = told["messages"]
        assert status == 200
        assert (message["outcome"], message["reason"]) == (outcome, reason)
        assert (message["source"], message["workspace"]) == (source, "demo")
        assert await asked(registry, str(message["event_id"])) == (
            200,
            {"messages": [{**message, "message_id": str(message["event_id"])}]},
        )


async def test_what_a_source_sent_is_reported_by_name_and_reason(registry: Registry) -> None:
    log = FakeLog(1)
    await filled(log)
    async with watching(log, registry) as watch:
        await watch.look()
    sources = await reported(registry)

    shop, site = sources["shop"], sources["site"]
    assert [(e["name"], e["hour"], e["day"]) for e in shop["events"]] == [("Product Added", 1, 1)]
    (rejected,) = shop["rejected"]
    assert rejected["reason"] == "no_identity"
    assert rejected["sample"] == accepted_event_id("demo", "shop", "bad")
    assert [(r["reason"], r["day"]) for r in shop["refused"]] == [("too_fast", 700)]
    assert [(i["reason"], i["day"]) for i in site["ignored"]] == [("bot", 1)]
    assert shop["last_seen"] is not None
    assert sources["small"]["last_seen"] is None


async def test_several_that_watch_and_restart_count_each_record_once(registry: Registry) -> None:
    log = FakeLog(1)
    for _ in range(4):
        await filled(log)
        async with watching(log, registry) as one, watching(log, registry) as other:
            await asyncio.gather(one.look(), other.look())
            await one.look()
            await other.look()
    shop = (await reported(registry))["shop"]

    assert shop["events"][0]["day"] == 4
    assert shop["rejected"][0]["day"] == 4
    assert shop["refused"][0]["day"] == 2800


async def test_a_topic_that_was_trimmed_is_read_from_what_is_left(registry: Registry) -> None:
    log = FakeLog(1)
    for _ in range(3):
        await filled(log)
    log.trim(PLACES[0], 2)
    async with watching(log, registry) as watch:
        await watch.look()

    assert (await reported(registry))["shop"]["events"][0]["day"] == 1


async def test_new_names_in_a_crowded_span_are_counted_as_others(registry: Registry) -> None:
    receptions, since = PostgresReceptions(registry.database), NOW.replace(minute=0)

    async def save(names: list[str]) -> None:
        tallies = Tallies()
        for name in names:
            tallies.count(Key("demo", "shop", since, "accepted", name, ""), 1, NOW, None)
        async with receptions.transaction() as tx:
            await receptions.save(tx, tallies, {PLACES[0]: 0})

    await save([f"n{number:04}" for number in range(MOST_NAMES)])
    await save(["n0001", "new", "newer"])
    found = {each.what: each.number for each in await receptions.receptions("demo", since, since)}

    assert (found["n0001"], found[OTHERS]) == (2, 2)
    assert len(found) == MOST_NAMES + 1


async def test_old_counts_go_and_when_a_source_was_last_heard_of_stays(registry: Registry) -> None:
    log, receptions = FakeLog(1), PostgresReceptions(registry.database)
    await filled(log)
    async with watching(log, registry) as watch:
        await watch.look()
    await receptions.forget(utc_now() + timedelta(days=3))
    shop = (await reported(registry))["shop"]

    assert shop["events"] == []
    assert shop["last_seen"] is not None


async def test_set_aside_messages_go_with_their_day(registry: Registry) -> None:
    log = FakeLog(1)
    await filled(log)
    async with watching(log, registry) as watch:
        await watch.look()
    await keep_days(registry.database, utc_now().date())
    assert (await asked(registry, "bad"))[0] == 200

    await keep_days(registry.database, (utc_now() + timedelta(days=10)).date())
    assert (await asked(registry, "bad"))[0] == 404
