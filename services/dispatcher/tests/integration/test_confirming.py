"""A mail asks for consent, its button confirms, on a real PostgreSQL: from the request to the record, and what the link says later."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
from msgspec.structs import replace

from common.clock import utc_now
from common.contracts import decode_event
from common.contracts.ingestion import ConsentConfirmed
from common.ids import derive
from dispatcher.api import build
from dispatcher.ports import PersonBan, Withdrawal
from dispatcher.store import PostgresNoes
from services.dispatcher.tests.integration.world import World, hashed
from services.dispatcher.tests.making import consent


@asynccontextmanager
async def browser(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with world.edge() as edge:
        transport = httpx.ASGITransport(build(edge))
        async with httpx.AsyncClient(
            transport=transport, base_url="https://mail.example.org"
        ) as client:
            yield client


def link_of(world: World) -> str:
    """In the newest mail."""
    mail = world.smtp.mails[-1]
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr] # it has both
    (link,) = re.findall(r"https://mail\.example\.org(/c/[A-Za-z0-9_-]+)", text)
    return str(link)


async def test_a_mail_asks_and_its_button_confirms_until_something_is_said(world: World) -> None:
    world.progress()
    world.contact(1, consents=())
    asked_at = utc_now()
    asked = world.request(1, message="ask", purpose="transactional", triggered_at=asked_at)
    async with world.consuming(), world.sending(), browser(world) as reader:
        await world.until("the mail", lambda: world.told(asked))
        link = link_of(world)
        statuses = [(await reader.get(link)).status_code, (await reader.post(link)).status_code]
        (record,) = world.log.records("ingest.events")
        event = decode_event(record.value or b"")
        granted = replace(consent(since=utc_now()), basis="double_opt_in", proof_id=event.id)
        world.contact(1, profile_version=2, consents=(granted,))
        await world.until("the double opt-in", says(reader, link, 409))
        world.contact(1, profile_version=3, email="other@example.com", consents=())
        await world.until("another address", says(reader, link, 410))
        world.contact(1, profile_version=4, consents=())
        await world.until("the old one again", says(reader, link, 200))
        await PostgresNoes(world.database).fold(
            0,
            1,
            [
                Withdrawal(
                    "demo", "email", hashed("demo", "email", "c1@example.com"), "*", utc_now()
                )
            ],
        )
        assert (await reader.post(link)).status_code == 403

    said = event.payload(ConsentConfirmed)
    assert statuses == [200, 200]
    assert (said.channel, said.purpose, said.asked_at) == ("email", "marketing", asked_at)
    assert event.subject == str(derive("profile", 1))
    assert len(world.log.records("ingest.events")) == 1


async def test_a_person_who_is_suppressed_confirms_nothing_also_after_a_merge(world: World) -> None:
    world.progress()
    world.contact(1, consents=())
    winner = world.contact(2, email="c1@example.com", consents=())
    asked = world.request(1, message="ask", purpose="transactional")
    async with world.consuming(), world.sending(), browser(world) as reader:
        await world.until("the mail", lambda: world.told(asked))
        link = link_of(world)
        world.contact(1, profile_version=2, merged_into=winner)
        await world.until("the winner's address is the same", says(reader, link, 200))
        ban = PersonBan("demo", derive("profile", 1), "legal", transactional=False)
        await PostgresNoes(world.database).fold(0, 1, [ban])
        await world.until("the merge", says(reader, link, 403))


def says(reader: httpx.AsyncClient, link: str, status: int) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return (await reader.get(link)).status_code == status

    return asked
