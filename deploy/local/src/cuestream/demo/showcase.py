"""Plays every playbook's example beside the shop, in the workspace where their pauses last seconds, and sees whether its mails come."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import yaml

from common.clock import utc_now
from common.contracts.deliveries import DeliverySent, DeliveryUnknown
from cuestream.demo.observed import Observed

WORKSPACE = "showcase"
WRITE_KEY = "cs_s_showcase"
STEP = 1.5
"""Seconds between what happens to a guest."""
SENT = (DeliverySent.TYPE, DeliveryUnknown.TYPE)
AHEAD = timedelta(seconds=18)
"""How far off an event is that a guest registers for."""


class Shown(msgspec.Struct, frozen=True):
    """What became of one playbook's example."""

    playbook: str
    expected: tuple[str, ...]
    sent: tuple[str, ...]
    note: str = ""
    """Why it cannot be seen within minutes."""

    @property
    def held(self) -> bool:
        return bool(self.note) or set(self.expected) <= set(self.sent)


@dataclass(frozen=True, slots=True)
class Guest:
    """One person of one example."""

    playbook: str
    user: str
    events: tuple[Mapping[str, Any], ...]
    expected: tuple[str, ...]
    note: str = ""

    @property
    def address(self) -> str:
        return f"{self.user}@showcase.example"


@dataclass(slots=True)
class Showcase:
    """The guests, and what was seen of them."""

    guests: Sequence[Guest]
    collector: str
    seen: Observed = field(default_factory=Observed)
    running: bool = True
    """False: this stack has no such workspace."""

    async def play(self, http: httpx.AsyncClient) -> None:
        """Let all examples happen at once; what the collector cannot take now is told again until it can."""
        await asyncio.gather(*(self._play(guest, http) for guest in self.guests))

    async def _play(self, guest: Guest, http: httpx.AsyncClient) -> None:
        for number, event in enumerate(guest.events):
            body = {
                **_of(event, guest),
                "messageId": f"{guest.user}-{number}",
                "timestamp": utc_now().isoformat(),
            }
            if not await self._tell(body, http):
                return
            await asyncio.sleep(STEP)

    async def _tell(self, body: Mapping[str, Any], http: httpx.AsyncClient) -> bool:
        """False: this stack has no such workspace."""
        while True:
            with suppress(httpx.TransportError):
                answer = await http.post(
                    f"{self.collector}/v1/{body['type']}",
                    json=body,
                    auth=(WRITE_KEY, ""),
                    timeout=10,
                )
                self.running = answer.status_code != httpx.codes.UNAUTHORIZED
                if answer.is_success or not self.running:
                    return self.running
            await asyncio.sleep(0.5)

    @property
    def shown(self) -> tuple[Shown, ...]:
        """Per playbook, what was sent to its guest; a mail whose fate is unknown may have come as well."""
        if not self.running:
            return ()
        return tuple(
            Shown(guest.playbook, guest.expected, self._sent(guest), guest.note)
            for guest in self.guests
        )

    def _sent(self, guest: Guest) -> tuple[str, ...]:
        sent = (
            status
            for delivery, statuses in self.seen.deliveries.items()
            for kind, status in statuses.items()
            if kind in SENT and self.seen.user_of(delivery) == guest.user
        )
        ours = sorted((one.at, one.message) for one in sent if one.playbook == guest.playbook)
        return tuple(message for _, message in ours)


def guests_of(directory: Path, run: str, now: datetime) -> list[Guest]:
    """The first example of each playbook that expects a mail, its times and dates moved to now."""
    found: dict[str, Guest] = {}
    for path in sorted((directory / "playbooks").glob("*/examples/*.yaml")):
        playbook = path.parts[-3]
        example = yaml.safe_load(path.read_text(encoding="utf-8"))
        expected = tuple(one["message"] for one in example["expect"] if "message" in one)
        if not expected or playbook in found:
            continue
        events = tuple(_at(event, now) for event in example["events"])
        born = any("birthday" in event.get("traits", {}) for event in events)
        note = "comes at nine in the morning of the day" if born else ""
        user = f"show-{run}-{playbook.replace('_', '-')}"
        found[playbook] = Guest(playbook, user, events, expected, note)
    return list(found.values())


def _at(event: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    properties = event.get("properties", {})
    if "starts_at" not in properties:
        return event
    return {**event, "properties": {**properties, "starts_at": (now + AHEAD).isoformat()}}


def _of(event: Mapping[str, Any], guest: Guest) -> dict[str, Any]:
    """The event as that guest's own call."""
    body = {name: value for name, value in event.items() if name != "at"} | {"userId": guest.user}
    if "traits" in body:
        body["traits"] = {**body["traits"], "email": guest.address}
    return body
