"""Merges on a real PostgreSQL: partitions that meet at the same persons leave what one after the other would have left."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from common.consuming import Record
from common.contracts import Payload
from common.contracts.profiles import ContactChanged, ProfileMerged
from common.errors import TransientError
from ingest.domain.identifiers import Identifier
from services.ingest.tests.integration.conftest import Registry, later, of_user, of_visitor
from services.ingest.tests.making import NOW, accepted, consents, snapshots, withdrawal

MARKETING = {"channel": "email", "purpose": "marketing"}


def said(message_id: str, kind: str = "track", second: int = 0, **body: Any) -> Record:
    message = {"type": kind, "event": "Looked", **body}
    offset = int.from_bytes(message_id.encode())
    return accepted(message, message_id=message_id, offset=offset, received_at=later(second))


async def two_devices(registry: Registry) -> None:
    """A user, a visitor with two statements, and the log-in that makes them one."""
    await registry.folds(said("m1", "identify", userId="u1", traits={"email": "ada@example.com"}))
    for n, event in enumerate(("Consent Granted", "Consent Withdrawn"), start=2):
        await registry.folds(
            said(f"m{n}", second=n, anonymousId="a1", event=event, properties=MARKETING)
        )
    await registry.folds(said("m4", second=4, userId="u1", anonymousId="a1"))


async def test_look_ups_find_the_winner_and_say_what_it_was(registry: Registry) -> None:
    await two_devices(registry)

    for reference in (
        Identifier("anonymous", "a1"),
        Identifier("user", "u1"),
        of_visitor("a1"),
        of_user("u1"),
        "ada@example.com",
    ):
        (known,) = await registry.directory.profiles("demo", reference)
        assert known.profile_id == of_user("u1")
        assert known.merged == [of_visitor("a1")]
        assert [i.value for i in known.identifiers] == ["u1", "ada@example.com", "a1"]
    (event,) = await registry.directory.events([said("m2").event.id])
    assert (event.profile_id, event.merged_into) == (of_visitor("a1"), of_user("u1"))
    (event,) = await registry.directory.events([said("m1").event.id])
    assert (event.profile_id, event.merged_into) == (of_user("u1"), None)


async def test_the_ledger_and_the_identifiers_become_the_winners(registry: Registry) -> None:
    await two_devices(registry)

    rows = await registry.database.fetch("SELECT DISTINCT profile_id FROM consents")
    assert [UUID(int=row["profile_id"].int) for row in rows] == [of_user("u1")]
    assert await registry.owner("anonymous", "a1") == of_user("u1")
    rows = await registry.database.fetch("SELECT email, record FROM profiles WHERE email IS NULL")
    assert [
        row["record"] for row in rows if "ada" in row["record"] or "email" in row["record"]
    ] == []


async def test_what_comes_late_for_the_loser_is_the_winners(registry: Registry) -> None:
    await two_devices(registry)
    grant = said("m5", second=5, userId="u1", event="Consent Granted", properties=MARKETING)
    assert consents(await registry.folds(grant)) == [("email", "marketing", True)]

    told = await registry.folds(withdrawal(of_visitor("a1"), at=later(6)))

    assert consents(told) == [("email", "marketing", False)]
    assert snapshots(told)[0].email == "ada@example.com"


async def test_a_chain_of_merges_in_one_batch_and_in_several_ends_at_one_root(
    registry: Registry,
) -> None:
    await registry.folds(*(said(f"m{n}", userId=f"u{n}") for n in range(4)))
    await registry.folds(
        said("c1", "alias", userId="u1", previousId="u0"),
        said("c2", "alias", userId="u2", previousId="u1"),
    )
    await registry.folds(said("c3", "alias", userId="u3", previousId="u2"))
    await registry.folds(said("c4", "alias", userId="u0", previousId="u3"))

    first, *others = sorted(of_user(f"u{n}") for n in range(4))
    for n in range(4):
        (known,) = await registry.directory.profiles("demo", Identifier("user", f"u{n}"))
        assert known.profile_id == first
        assert sorted(known.merged) == others


async def test_a_merge_counts_from_what_came_last_for_either(registry: Registry) -> None:
    await registry.folds(said("m1", userId="u1"))
    await registry.folds(said("m2", second=30, anonymousId="a1"))
    merging = said("m3", second=4, userId="u1", anonymousId="a1")
    async with registry.database.transaction() as tx:
        sheet = await registry.load(tx, merging)

        assert sheet.entry(merging).now == later(30)


@dataclass(frozen=True)
class Done:
    """A batch that was committed."""

    draw: int
    signals: Sequence[Record]
    told: Sequence[Payload]


async def one_batch(registry: Registry, signals: Sequence[Record]) -> Done:
    """Until it is committed: whom the database ends, tries again."""
    while True:
        try:
            async with registry.database.transaction() as tx:
                sheet = await registry.load(tx, *signals)
                told = registry.fold(sheet, signals)
                await registry.book.save(tx, sheet)
        except TransientError:
            continue
        assert sheet.draw is not None
        return Done(sheet.draw, signals, told)


def life(random: Random, partition: int, number: int) -> Record:
    """Something that one of few persons does, so that partitions meet."""
    user, other = f"u{random.randrange(4)}", random.randrange(4)
    body: dict[str, Any] = random.choice(
        [
            {"type": "track", "event": "Looked", "anonymousId": f"a{other}"},
            {"type": "track", "event": "Looked", "userId": user},
            {"type": "identify", "userId": user, "traits": {"email": f"{number}@example.com"}},
            {"type": "identify", "userId": user, "anonymousId": f"a{other}"},
            {
                "type": "track",
                "event": random.choice(["Consent Granted", "Consent Withdrawn"]),
                "properties": MARKETING,
                "anonymousId": f"a{other}",
            },
            {"type": "alias", "userId": user, "previousId": f"u{other}"},
        ]
    )
    return accepted(
        body,
        message_id=f"{partition}-{number}",
        partition=partition,
        offset=number,
        received_at=NOW + timedelta(seconds=random.randrange(60)),
    )


TABLES = {
    "identities": "SELECT workspace, kind, value, profile_id FROM identities ORDER BY 1, 2, 3",
    "profiles": "SELECT * FROM profiles ORDER BY workspace, profile_id",
    "consents": "SELECT * FROM consents ORDER BY profile_id, proof_id, channel, purpose, step",
    "seen": "SELECT * FROM seen_messages ORDER BY event_id",
}


async def standing(registry: Registry) -> dict[str, list[tuple[Any, ...]]]:
    """All rows; of the identifiers, to whom they lead in the end."""
    rows = {
        name: [tuple(row) for row in await registry.database.fetch(sql)]
        for name, sql in TABLES.items()
    }
    merged = {
        row["profile_id"]: row["merged_into"]
        for row in await registry.database.fetch("SELECT profile_id, merged_into FROM profiles")
    }

    def root(profile: Any) -> Any:
        while merged.get(profile) is not None:
            profile = merged[profile]
        return profile

    rows["identities"] = [(*who, root(owner)) for *who, owner in rows["identities"]]
    return rows


@pytest.mark.parametrize("seed", range(3))
async def test_whoever_meets_whom_the_outcome_is_that_of_the_draws_one_after_the_other(
    registry: Registry, seed: int
) -> None:
    random = Random(seed)  # noqa: S311 - a seeded life, no secret
    batches = [
        [
            [life(random, partition, 10 * batch + n) for n in range(random.randint(1, 4))]
            for batch in range(25)
        ]
        for partition in range(3)
    ]

    async def partition(own: Sequence[Sequence[Record]]) -> list[Done]:
        return [await one_batch(registry, signals) for signals in own]

    async with asyncio.timeout(60):
        lives = await asyncio.gather(*(partition(own) for own in batches))
    done = sorted((batch for own in lives for batch in own), key=lambda batch: batch.draw)
    met = await standing(registry)
    merges = [p for batch in done for p in batch.told if isinstance(p, ProfileMerged)]
    assert merges

    await registry.database.execute("TRUNCATE identities, profiles, consents, seen_messages")
    for batch in done:
        again = await one_batch(registry, batch.signals)
        assert again.told == batch.told
    assert await standing(registry) == met
    left = [p for batch in done for p in batch.told if isinstance(p, ContactChanged)]
    assert all(s.email is None and not s.consents for s in left if s.merged_into is not None)
