"""What the publisher may rely on, asked of the store in memory and of the one on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from common.configuration import Content, content_of
from common.contracts.configuration import Overdue, Resumption, Transition
from common.errors import PermanentError, TransientError
from common.postgres import Database, migrate
from orchestrator.ports.publication import Draft, Publications, PublishedRelease, Version
from orchestrator.store import SCHEMA, PostgresPublications
from services.orchestrator.tests.reading import START
from services.orchestrator.tests.storing import Announced, FakePublications

SHOP = content_of("workspace", "shop", {"workspace.yaml": "a: ü"})
OLD = content_of("playbook", "cart", {"journey.yaml": "one", "templates/x.liquid": "two"})
NEW = content_of("playbook", "cart", {"journey.yaml": "three"})


@asynccontextmanager
async def migrated(database: Any) -> AsyncIterator[Database]:
    url = database.of(SCHEMA)
    await migrate("orchestrator.migrations", url)
    async with Database.connect(url, schema=SCHEMA, application_name="test") as connected:
        yield connected


@pytest.fixture
async def tables(database: Any) -> AsyncIterator[Database]:
    async with migrated(database) as connected:
        yield connected


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.integration)])
async def publications(request: pytest.FixtureRequest) -> AsyncIterator[Publications]:
    if request.param == "fake":
        yield FakePublications()
        return
    async with migrated(request.getfixturevalue("database")) as connected:
        yield PostgresPublications(connected)


def draft(*contents: Content, expected: int = 0, workspace: str = "shop") -> Draft:
    return Draft(workspace, expected, contents, live=False)


async def publish(publications: Publications, *drafts: Draft) -> None:
    await publications.publish(drafts, by="key:1234", at=START)


async def announce_all(publications: Publications, announced: Announced) -> None:
    while await publications.announce_next(announced):
        pass


async def test_what_was_published_is_current(publications: Publications) -> None:
    await publish(publications, draft(SHOP, OLD))
    await publish(publications, draft(SHOP, NEW, expected=1))

    release = (await publications.current())["shop"]

    assert (release.number, release.live) == (2, False)
    assert sorted(release.contents, key=lambda c: c.key) == sorted([SHOP, NEW], key=lambda c: c.key)


async def test_nothing_is_current_in_an_empty_store(publications: Publications) -> None:
    assert await publications.current() == {}
    assert not await publications.announce_next(Announced())


@pytest.mark.parametrize("expected", [0, 2])
async def test_a_release_that_does_not_follow_the_newest_is_refused_whole(
    publications: Publications, expected: int
) -> None:
    await publish(publications, draft(SHOP, OLD))

    other = Draft("other", 0, (SHOP,), live=False)
    with pytest.raises(PermanentError, match="release_moved"):
        await publish(publications, other, draft(SHOP, NEW, expected=expected))

    assert (await publications.current()).keys() == {"shop"}
    assert (await publications.current())["shop"].number == 1


async def test_contents_are_announced_before_the_release_and_each_once(
    publications: Publications,
) -> None:
    announced = Announced()
    await publish(publications, draft(SHOP, OLD))

    await announce_all(publications, announced)
    await announce_all(publications, announced)

    assert [getattr(one, "key", None) for one in announced.all] == [
        *sorted([SHOP.key, OLD.key]),
        None,
    ]
    [release] = [one for one in announced.all if isinstance(one, PublishedRelease)]
    assert release == PublishedRelease(
        "shop",
        1,
        tuple(sorted([SHOP.key, OLD.key])),
        live=False,
        published_at=START,
        published_by="key:1234",
    )


async def test_a_content_that_is_known_is_not_announced_again(publications: Publications) -> None:
    announced = Announced()
    await publish(publications, draft(SHOP, OLD))
    await announce_all(publications, announced)
    announced.all.clear()

    await publish(publications, draft(SHOP, NEW, expected=1))
    await announce_all(publications, announced)

    assert [one.key for one in announced.all if isinstance(one, Content)] == [NEW.key]
    assert announced.releases == [("shop", 2)]


async def test_what_was_not_acknowledged_is_announced_again(publications: Publications) -> None:
    announced = Announced()
    announced.away = True
    await publish(publications, draft(SHOP))
    with pytest.raises(TransientError):
        await publications.announce_next(announced)

    announced.away = False
    await announce_all(publications, announced)

    assert announced.all[0] == SHOP
    assert announced.releases == [("shop", 1)]


async def test_what_a_release_says_of_passages_under_way_is_kept_and_announced(
    publications: Publications,
) -> None:
    announced = Announced()
    chosen = Transition(
        playbook="cart",
        to=NEW.hash,
        under_way="migrate",
        steps={"0": "rest"},
        overdue=Overdue("skip"),
        at=START,
    )
    resumed = Resumption(playbook="welcome", overdue=Overdue("spread", timedelta(hours=2)))
    said = Draft("shop", 0, (SHOP, NEW), False, (chosen,), ("birthday",), (resumed,))

    await publish(publications, said)
    await announce_all(publications, announced)

    release = (await publications.current())["shop"]
    [told] = [one for one in announced.all if isinstance(one, PublishedRelease)]
    for one in (release, told):
        assert (one.transitions, one.paused, one.resumed) == ((chosen,), ("birthday",), (resumed,))


async def test_releases_and_contents_of_before_can_be_looked_up(publications: Publications) -> None:
    await publish(publications, draft(SHOP, OLD))
    later = START + timedelta(hours=1)
    await publications.publish([draft(SHOP, NEW, expected=1)], by="key:1234", at=later)

    first = await publications.release("shop", 1)
    assert first is not None
    assert {one.key for one in first.contents} == {SHOP.key, OLD.key}
    assert await publications.release("shop", 3) is None
    assert await publications.contents([OLD.key, "playbook/cart@none"]) == {OLD.key: OLD}
    assert await publications.versions("playbook", "cart") == [
        Version(NEW.hash, later),
        Version(OLD.hash, START),
    ]


@pytest.mark.integration
async def test_who_published_what_is_written_down(tables: Database) -> None:
    await publish(PostgresPublications(tables), draft(SHOP, OLD))

    [row] = await tables.fetch("SELECT at, who, what, detail->>'workspace' AS workspace FROM audit")

    assert dict(row) == {
        "at": START,
        "who": "key:1234",
        "what": "configuration.released",
        "workspace": "shop",
    }
