"""The feed: read whole, followed for ever, never worse than before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest

from common.configuration import Configuration, Release
from common.configuration.feed import ConfigurationFeed
from common.errors import PermanentError, TransientError
from common.streaming.ports import Place
from common.testing.log import FakeLog
from libs.common.tests.configuration.making import (
    altered,
    playbook,
    published,
    released,
    tombstone,
    workspace,
)

PLACE = Place("configuration", 0)
SHOP, CART = workspace(), playbook()
NEWER = playbook(text="purpose: transactional\n")
T = TypeVar("T")


@pytest.fixture
def log() -> FakeLog:
    return FakeLog()


@asynccontextmanager
async def following(
    log: FakeLog, *validators: Callable[[Release], None]
) -> AsyncIterator[ConfigurationFeed]:
    async with log.reader() as reader:
        feed = ConfigurationFeed(reader, validators=validators, patience=0.5)
        running = asyncio.create_task(feed.run())
        try:
            yield feed
            assert not running.done()
        finally:
            running.cancel()
            await asyncio.wait([running])


async def soon(waiting: Awaitable[T]) -> T:
    async with asyncio.timeout(10):
        return await waiting


async def until(feed: ConfigurationFeed, true: Callable[[Configuration], bool]) -> Configuration:
    """Wait, change by change, for a configuration of which something is true."""
    current = feed.current
    while not true(current):
        current = await soon(feed.changed(current))
    return current


def number(configuration: Configuration, name: str = "shop") -> int:
    release = configuration.release(name)
    return release.number if release else 0


async def test_an_empty_topic_is_ready_at_once(log: FakeLog) -> None:
    async with following(log) as feed:
        await soon(feed.wait_ready())

        assert feed.ready
        assert feed.current == Configuration()


async def test_the_topic_is_read_to_its_end_before_it_is_ready(log: FakeLog) -> None:
    for n in range(1, 700):
        log.append(PLACE, published(SHOP), released("shop", n, SHOP))

    async with following(log) as feed:
        assert not feed.ready
        await soon(feed.wait_ready())

        assert number(feed.current) == 699


async def test_a_later_release_is_taken_when_all_its_contents_are_there(log: FakeLog) -> None:
    log.append(PLACE, published(SHOP), released("shop", 1, SHOP))
    async with following(log) as feed:
        await soon(feed.wait_ready())
        first = feed.current
        log.append(PLACE, released("shop", 2, SHOP, CART))
        log.append(PLACE, released("other", 1, SHOP))
        await until(feed, lambda now: number(now, "other") == 1)
        assert number(feed.current) == 1

        log.append(PLACE, published(CART))
        second = await until(feed, lambda now: number(now) == 2)

        assert second is not first
        release = second.release("shop")
        assert release is not None
        assert release.one("playbook", "cart") == CART


async def test_a_lower_number_changes_nothing_and_a_rollback_is_a_new_number(log: FakeLog) -> None:
    log.append(PLACE, published(SHOP), published(CART), released("shop", 5, SHOP, CART))
    async with following(log) as feed:
        await soon(feed.wait_ready())
        log.append(PLACE, released("shop", 4, SHOP), released("other", 1, SHOP))
        assert number(await until(feed, lambda now: number(now, "other") == 1)) == 5

        log.append(PLACE, released("shop", 6, SHOP))
        assert number(await until(feed, lambda now: number(now) != 5)) == 6


def refuse_transactional(release: Release) -> None:
    if NEWER in release.contents:
        raise PermanentError("cannot_compile", "journey.yaml:1: no")


async def test_a_refused_release_leaves_the_old_one_in_force(log: FakeLog) -> None:
    log.append(PLACE, published(SHOP), published(CART), released("shop", 1, SHOP, CART))
    async with following(log, refuse_transactional) as feed:
        await soon(feed.wait_ready())
        log.append(PLACE, published(NEWER), released("shop", 2, SHOP, NEWER))
        await until(feed, lambda now: NEWER.key in now.contents)

        assert number(feed.current) == 1
        assert feed.refused["shop"].number == 2
        assert feed.refused["shop"].reason == "cannot_compile"
        assert feed.ready

        log.append(PLACE, released("shop", 3, SHOP, CART))
        await until(feed, lambda now: number(now) == 3)
        assert feed.refused == {}


async def test_after_a_restart_an_older_release_stands_in_for_a_refused_one(log: FakeLog) -> None:
    log.append(PLACE, published(SHOP), released("shop", 1, SHOP))
    log.append(PLACE, published(NEWER), released("shop", 2, SHOP, NEWER))

    async with following(log, refuse_transactional) as feed:
        await soon(feed.wait_ready())

        assert number(feed.current) == 1
        assert feed.refused["shop"].number == 2


async def test_each_release_is_validated_once(log: FakeLog) -> None:
    seen: list[tuple[str, int]] = []
    log.append(PLACE, published(SHOP), released("shop", 1, SHOP), released("shop", 2, SHOP))

    async with following(log, lambda r: seen.append((r.workspace, r.number))) as feed:
        await soon(feed.wait_ready())
        log.append(PLACE, released("other", 1, SHOP))
        await until(feed, lambda now: number(now, "other") == 1)

    assert seen == [("shop", 2), ("other", 1)]


async def test_an_outage_is_survived_with_what_was_known(log: FakeLog) -> None:
    log.append(PLACE, published(SHOP), released("shop", 1, SHOP))
    async with following(log) as feed:
        await soon(feed.wait_ready())
        log.fail_next_polls(2)
        log.append(PLACE, published(CART), released("shop", 2, SHOP, CART))

        assert feed.ready
        assert number(await until(feed, lambda now: number(now) == 2)) == 2


async def test_an_outage_at_the_start_is_waited_out(log: FakeLog) -> None:
    log.append(PLACE, published(SHOP), released("shop", 1, SHOP))
    log.fail_next_polls(2)
    async with following(log) as feed:
        await soon(feed.wait_ready())

        assert number(feed.current) == 1


async def test_a_topic_that_began_anew_keeps_what_is_in_force_until_it_says_otherwise(
    log: FakeLog,
) -> None:
    log.append(PLACE, *[published(SHOP)] * 5, released("shop", 7, SHOP))
    async with following(log) as feed:
        await soon(feed.wait_ready())
        log.recreate("configuration")
        log.append(PLACE, published(SHOP), released("other", 1, SHOP))
        await until(feed, lambda now: number(now, "other") == 1)
        assert number(feed.current) == 7

        log.append(PLACE, published(CART), released("shop", 1, SHOP, CART))
        assert number(await until(feed, lambda now: number(now) == 1)) == 1


async def test_a_removed_workspace_is_gone(log: FakeLog) -> None:
    log.append(PLACE, published(SHOP), released("shop", 1, SHOP))
    async with following(log) as feed:
        await soon(feed.wait_ready())
        log.append(PLACE, tombstone("release/shop"))

        gone = await until(feed, lambda now: number(now) == 0)
        assert SHOP.key in gone.contents

        log.append(PLACE, released("shop", 1, SHOP))
        assert number(await until(feed, lambda now: number(now) == 1)) == 1


async def test_a_removed_content_stays_known_while_it_is_in_force(log: FakeLog) -> None:
    log.append(PLACE, published(SHOP), published(CART), released("shop", 1, SHOP, CART))
    async with following(log) as feed:
        await soon(feed.wait_ready())
        log.append(PLACE, tombstone(CART.key), released("shop", 2, SHOP, CART))
        log.append(PLACE, released("other", 1, SHOP))
        await until(feed, lambda now: number(now, "other") == 1)
        assert number(feed.current) == 1
        assert CART.key in feed.current.contents

        log.append(PLACE, released("shop", 3, SHOP))
        last = await until(feed, lambda now: number(now) == 3)
        assert CART.key not in last.contents


async def test_records_that_cannot_be_read_are_refused_and_the_others_count(log: FakeLog) -> None:
    odd = published(CART, key="playbook/cart@other")
    wrong = published(altered(NEWER))
    junk = type(odd)(b"junk", b"{}")
    log.append(PLACE, odd, wrong, junk, published(SHOP), released("shop", 1, SHOP))

    async with following(log) as feed:
        await soon(feed.wait_ready())

        assert number(feed.current) == 1
        assert {key: refusal.reason for key, refusal in feed.refused.items()} == {
            "playbook/cart@other": "wrong_hash",
            NEWER.key: "wrong_hash",
            "junk": "undecodable",
        }


async def test_compaction_at_the_very_end_does_not_keep_it_from_being_ready(log: FakeLog) -> None:
    log.append(PLACE, published(SHOP), released("shop", 1, SHOP), tombstone("release/gone"))
    log._places[PLACE].records.pop()

    async with following(log) as feed:
        await soon(feed.wait_ready())

        assert number(feed.current) == 1


async def test_a_bug_in_a_validator_is_not_swallowed(log: FakeLog) -> None:
    def buggy(release: Release) -> None:
        raise ZeroDivisionError

    log.append(PLACE, published(SHOP), released("shop", 1, SHOP))
    async with log.reader() as reader:
        feed = ConfigurationFeed(reader, validators=[buggy])
        with pytest.raises(ZeroDivisionError):
            await soon(feed.run())


async def test_whoever_catches_up_knows_what_was_published_before(log: FakeLog) -> None:
    """An owner takes over passages that the one before began with what was published a moment ago."""
    log.append(PLACE, published(SHOP), released("shop", 1, SHOP))
    async with following(log) as feed:
        await soon(feed.wait_ready())
        for n in range(2, 700):
            log.append(PLACE, published(SHOP), released("shop", n, SHOP))

        await soon(feed.catch_up())

        assert number(feed.current) == 699


async def test_whoever_catches_up_does_not_wait_for_what_compaction_took(log: FakeLog) -> None:
    async with following(log) as feed:
        await soon(feed.wait_ready())
        log.append(PLACE, published(SHOP), tombstone("release/gone"))
        log._places[PLACE].records.pop()

        await soon(feed.catch_up())


async def test_whoever_cannot_catch_up_is_told(log: FakeLog) -> None:
    async with log.reader() as reader:
        feed = ConfigurationFeed(reader, patience=0.01)

        with pytest.raises(TransientError, match="configuration_lags"):
            await soon(feed.catch_up())
