"""A mail to a merged profile goes to who that has become, by that one's address and will; no personal data stay behind."""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import UUID

import pytest

from common.clock import utc_now
from common.ids import derive
from dispatcher.domain.tokens import verify
from services.dispatcher.tests.integration.world import SECRETS, World, hashed


def person(number: int) -> UUID:
    return derive("profile", number)


def merge(world: World, loser: int, winner: int, version: int = 2) -> None:
    """What resolve publishes of the loser."""
    world.contact(
        loser,
        profile_version=version,
        merged_into=person(winner),
        email=None,
        first_name=None,
        locale=None,
        consents=(),
    )


async def rows_of(world: World, number: int) -> dict[str, object]:
    (row,) = await world.database.fetch(
        "SELECT * FROM recipients WHERE profile_id = $1", person(number)
    )
    return dict(row)


async def test_a_mail_to_the_loser_goes_to_the_winner_and_the_loser_keeps_nothing(
    world: World,
) -> None:
    world.progress()
    world.contact(1)
    world.contact(2, first_name="Bea")
    merge(world, 1, 2)
    asked = world.request(1)
    async with world.consuming(), world.sending():
        await world.until("the mail", lambda: world.told(asked))

    assert world.told(asked) == [("sent", "")]
    assert world.smtp.recipients == ["c2@example.com"]
    assert world.smtp.mails[0]["Subject"] == "Bea, dein Warenkorb wartet"
    row = await rows_of(world, 1)
    assert (row["snapshot"], row["email_hash"]) == (None, None)
    assert row["version"] == 2


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_line_of_merges_of_any_length_is_followed(world: World, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same order for the same seed
    world.progress()
    world.contact(9, email="last@example.com")
    links = [(number, number + 1) for number in range(1, 9)]
    chance.shuffle(links)
    for loser, winner in links:
        merge(world, loser, winner)
    asked = [world.request(number) for number in range(1, 9)]
    async with world.consuming(), world.sending():
        await world.until(
            "the mails", lambda: all(("sent", "") in world.told(one) for one in asked), 30
        )

    assert world.smtp.recipients == ["last@example.com"] * 8
    assert all(world.acceptances(one) == 1 for one in asked)


async def test_who_the_winner_is_may_be_told_later(world: World) -> None:
    world.progress()
    merge(world, 1, 2)
    asked = world.request(1)
    async with world.consuming(), world.sending():
        await world.until("the hold", lambda: world.told(asked))
        assert world.told(asked) == [("held", "merging")]
        world.contact(2)
        await world.until("the mail", lambda: len(world.told(asked)) > 1)

    assert world.told(asked) == [("held", "merging"), ("sent", "")]
    assert world.smtp.recipients == ["c2@example.com"]


async def test_a_circle_of_merges_stops_nobody_else_and_ends_with_the_request(
    world: World,
) -> None:
    world.progress()
    for loser, winner in ((1, 2), (2, 3), (3, 1)):
        merge(world, loser, winner)
    asked = world.request(1, expires_at=utc_now() + timedelta(seconds=3))
    world.contact(4)
    other = world.request(4)
    async with world.consuming(), world.sending():
        await world.until("both", lambda: world.told(other) and len(world.told(asked)) > 1)

    assert world.told(other) == [("sent", "")]
    assert world.told(asked) == [("held", "merging"), ("skipped", "expired")]


async def test_the_winners_will_counts_for_mails_to_the_loser(world: World) -> None:
    world.progress()
    world.contact(2, consents=())
    world.contact(4)
    for loser, winner in ((1, 2), (3, 4)):
        world.contact(loser)
        merge(world, loser, winner)
    silent, first = world.request(1), world.request(4)
    async with world.edge() as edge, world.consuming(), world.sending():
        await world.until("the first", lambda: world.told(first))
        link = str(world.smtp.mails[0]["List-Unsubscribe"]).strip("<>").rsplit("/", 1)[1]
        await edge.withdraw(edge.token(link), "marketing", "one_click")
        after = world.request(3)
        await world.until("both", lambda: world.told(silent) and world.told(after))

    assert world.told(silent) == [("skipped", "no_consent")]
    assert world.told(after) == [("skipped", "withdrawn")]


async def test_links_in_mails_to_the_loser_work_after_the_merge(world: World) -> None:
    """The no goes by the address, which is the winner's now, and to the ledger under the loser's id."""
    world.progress()
    world.contact(1, email="anna@example.com")
    first = world.request(1)
    async with world.edge() as edge, world.consuming(), world.sending():
        await world.until("the first mail", lambda: world.told(first))
        token = verify(
            str(world.smtp.mails[0]["List-Unsubscribe"]).strip("<>").rsplit("/", 1)[1], SECRETS
        )
        merge(world, 1, 2)
        world.contact(2, email="Anna@example.com")
        await edge.withdraw(token, "marketing", "one_click")
        to_the_loser, to_the_winner = world.request(3, profile=1), world.request(4, profile=2)
        await world.until("both", lambda: world.told(to_the_loser) and world.told(to_the_winner))
        view = await edge.archive.mail("demo", first)

    assert world.told(to_the_loser) == world.told(to_the_winner) == [("skipped", "withdrawn")]
    assert token.profile_id == person(1)
    assert token.address_hash == hashed("demo", "email", "anna@example.com")
    (command,) = world.log.records("ingest.commands")
    assert command.key == str(person(1)).encode()
    assert view is not None
    assert view[1].version == 1


async def test_a_decision_that_is_asked_for_of_both_is_one_mail(world: World) -> None:
    world.progress()
    world.contact(1)
    world.contact(2)
    merge(world, 1, 2)
    asked = world.request(5, profile=1)
    world.request(5, profile=2)
    last = world.request(6, profile=2)
    async with world.consuming(), world.sending(in_flight=1):
        await world.until("both", lambda: world.told(asked) and world.told(last))

    assert world.acceptances(asked) == 1
    assert world.told(asked) == [("sent", "")]
