"""Mails under way: who waits for news is woken by the next landing, and not by one that was seen to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

from typing_extensions import override

from dispatcher.domain.gate import AddressStanding
from dispatcher.domain.templates import read_templates
from dispatcher.jobs import Circuits
from dispatcher.jobs.flights import Flight, Flights
from dispatcher.jobs.gatekeeper import Admitted
from dispatcher.ports import Accepted, Candidate, Email, EmailProvider, Refused
from services.dispatcher.tests.making import ADDRESS, FILES, NOW, RULES, delivery, email, recipient

LONG = 10.0
A_LOOK = 0.02


@dataclass(eq=False)
class SlowEmailProvider(EmailProvider):
    """Takes a mail when it is told to."""

    ready: asyncio.Event = field(default_factory=asyncio.Event)

    @override
    async def send(
        self, email: Email, *, idempotency_key: UUID, start_by: float | None = None
    ) -> Accepted | Refused:
        await self.ready.wait()
        return Accepted("slow")


def flight(number: int, provider: EmailProvider) -> Flight:
    candidate = Candidate(
        delivery=delivery(number),
        state="planned",
        announced="",
        attempts=0,
        claims=0,
        recipient=recipient(),
        read_in=frozenset({0}),
        address_hash="ab" * 16,
        address=AddressStanding(),
    )
    templates = read_templates(FILES)
    return Flight(Admitted(candidate, ADDRESS, RULES, templates, provider, NOW, None), email())


async def test_a_landing_that_was_seen_to_wakes_nobody_again() -> None:
    flights, quick, slow = Flights(8, Circuits()), SlowEmailProvider(), SlowEmailProvider()
    first, second = flight(1, quick), flight(2, slow)
    flights.launch([first, second])
    await flights.news(A_LOOK)  # both are on their way

    quick.ready.set()
    await flights.news(LONG)
    assert flights.landed() == [first]
    flights.forget([first])

    waiting = asyncio.create_task(flights.news(LONG))
    await asyncio.wait({waiting}, timeout=A_LOOK)
    assert not waiting.done(), "else the sender asks the database without a pause"

    slow.ready.set()
    async with asyncio.timeout(LONG):
        await waiting
    assert flights.landed() == [second]


async def test_a_landing_between_the_look_and_the_wait_is_not_missed() -> None:
    flights, provider = Flights(8, Circuits()), SlowEmailProvider()
    flown = flight(1, provider)
    flights.launch([flown])
    assert flights.landed() == []

    provider.ready.set()
    while flown.outcome is None:
        await asyncio.wait({asyncio.create_task(provider.ready.wait())})

    async with asyncio.timeout(LONG / 2):
        await flights.news(LONG)
    assert flights.landed() == [flown]
