"""Drives the visitors through the real Segment SDK, and presses "unsubscribe" as a mail client does."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from segment.analytics.client import Client

from common.clock import monotonic, utc_now
from cuestream.demo.visitors import Step, Visitor, after_refusal, draw_visitor, script

UNSUBSCRIBE = {"List-Unsubscribe": "One-Click"}


@dataclass(slots=True)
class Shop:
    """Opens carts until told to close; then only finishes what was begun."""

    client: Client
    silence: timedelta
    run: str
    rate: float
    """New visitors a second."""
    chance: random.Random
    visitors: dict[str, Visitor] = field(default_factory=dict)
    """By e-mail address."""
    refused: Callable[[str, datetime], None] = lambda _user, _at: None
    _agenda: list[tuple[float, int, Step]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _refusing: set[str] = field(default_factory=set)

    async def open(self, seconds: float) -> None:
        """Let visitors in for so long; their steps go on while the loop lives."""
        end = monotonic() + seconds
        arrival = monotonic()
        while monotonic() < end:
            if monotonic() >= arrival:
                arrival += self.chance.expovariate(self.rate)
                self._welcome()
            self._act()
            await asyncio.sleep(0.02)

    async def finish(self) -> None:
        """Do what is still on the agenda."""
        while self._agenda:
            self._act()
            await asyncio.sleep(0.02)

    async def close(self) -> None:
        """Hand everything queued in the SDK to the collector."""
        await asyncio.to_thread(self.client.flush)

    def wants_to_refuse(self, address: str) -> Visitor | None:
        """The visitor behind the address, if the first mail makes this one unsubscribe."""
        visitor = self.visitors.get(address)
        if visitor is None or visitor.kind != "unsubscribes" or visitor.user in self._refusing:
            return None
        self._refusing.add(visitor.user)
        return visitor

    async def refuse(self, visitor: Visitor, link: str, http: httpx.AsyncClient) -> None:
        """POST the mail's one-click link until it is answered 2xx, then buy and fill another cart."""
        for _ in range(60):
            try:
                answer = await http.post(link, data=UNSUBSCRIBE, timeout=5)
            except httpx.TransportError:
                await asyncio.sleep(0.5)
                continue
            if answer.is_success:
                self.refused(visitor.user, utc_now())
                self._plan(after_refusal(visitor))
                return
            await asyncio.sleep(0.5)

    def _welcome(self) -> None:
        visitor = draw_visitor(next(self._numbers), self.run, self.chance)
        self.visitors[visitor.address] = visitor
        self._plan(script(visitor, self.silence, self.chance))

    def _plan(self, steps: Iterable[Step]) -> None:
        now = monotonic()
        for step in steps:
            heapq.heappush(self._agenda, (now + step.after, next(self._numbers), step))

    def _act(self) -> None:
        while self._agenda and self._agenda[0][0] <= monotonic():
            self._do(heapq.heappop(self._agenda)[2])

    def _do(self, step: Step) -> None:
        visitor = step.visitor
        if step.call == "identify":
            self.client.identify(
                user_id=visitor.user,
                anonymous_id=visitor.anonymous,
                traits=self._traits(visitor),
            )
            return
        who: dict[str, Any] = (
            {"anonymous_id": visitor.anonymous} if step.anonymously else {"user_id": visitor.user}
        )
        self.client.track(**who, event=step.event, properties=dict(step.properties))

    def _traits(self, visitor: Visitor) -> dict[str, Any]:
        traits: dict[str, Any] = {
            "email": visitor.address,
            "firstName": visitor.first_name,
            "locale": visitor.locale,
        }
        if visitor.kind != "gives_no_consent":
            traits["consents"] = {"email.marketing": True}
        return traits
