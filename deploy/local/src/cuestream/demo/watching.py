"""Reads the topics and the mailbox as any analyst could, and notes what it sees."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import msgspec

from common.clock import utc_now
from common.contracts import Event, decode_event, payload_types
from common.contracts.decisions import DecisionMade, EnrollmentEntered
from common.contracts.deliveries import DeliveryStatus
from common.contracts.ingestion import EventAccepted
from common.contracts.profiles import ActivityRecorded, LeadScored
from common.errors import PermanentError, TransientError
from common.streaming.ports import Fetched, Place, Reader
from cuestream.demo.observed import Mail, Observed, Told

TOPICS = (
    "ingest.events",
    "profile.activity",
    "profile.scores",
    "journey.steps",
    "decisions",
    "delivery.status",
)
STATUSES = {k: c for k, c in payload_types().items() if issubclass(c, DeliveryStatus)}


class Watcher:
    """Follows one workspace from the moment it starts."""

    def __init__(self, seen: Observed, workspace: str, partitions: int) -> None:
        self._seen = seen
        self._workspace = workspace
        self._places = [Place(topic, p) for topic in TOPICS for p in range(partitions)]
        self._positions: dict[Place, int] = {}
        self._notes: dict[str, Callable[[Event, Fetched], None]] = {
            EventAccepted.TYPE: self._accepted,
            ActivityRecorded.TYPE: self._activity,
            LeadScored.TYPE: self._scored,
            EnrollmentEntered.TYPE: self._entered,
            DecisionMade.TYPE: self._decided,
            **dict.fromkeys(STATUSES, self._delivered),
        }

    async def begin(self, reader: Reader) -> None:
        """Stand at the end of every topic."""
        bounds = await reader.bounds(self._places)
        self._positions = {place: bound.end for place, bound in bounds.items()}
        await reader.assign(self._positions)

    async def follow(self, reader: Reader) -> None:
        """Read until cancelled; a broker that is away is waited for."""
        while True:
            try:
                for item in await reader.poll(1000, 0.2):
                    self._positions[item.place] = item.offset + 1
                    self._note(item)
            except TransientError:
                await asyncio.sleep(0.3)

    async def caught_up(self, reader: Reader) -> bool:
        """True when nothing is left to read right now."""
        try:
            bounds = await reader.bounds(self._places)
        except TransientError:
            return False
        # Ticks never end; they are no more than one or two ahead.
        return all(
            self._positions[place] >= bound.end - (5 if place.topic == "ingest.events" else 0)
            for place, bound in bounds.items()
        )

    def _note(self, item: Fetched) -> None:
        if item.value is None:
            return
        try:
            event = decode_event(item.value)
            note = self._notes.get(event.type)
            if note is not None and event.workspace == self._workspace:
                note(event, item)
        except PermanentError:
            return  # not ours to judge: the services put it aside

    def _accepted(self, event: Event, item: Fetched) -> None:
        body: dict[str, Any] = msgspec.json.decode(event.payload(EventAccepted).body)
        user = str(body.get("userId") or body.get("anonymousId") or "")
        traits = body.get("traits") or {}
        self._seen.events += 1
        if body.get("type") == "track":
            product = (body.get("properties") or {}).get("name")
            what = f"{body.get('event')}: {product}" if product else str(body.get("event"))
            who = user.removeprefix("anon-")
            self._seen.recent.append(f"{item.appended_at:%H:%M:%S}  {who:<16} {what}")
        self._seen.tell(
            Told(
                user=user.removeprefix("anon-"),
                name=str(body.get("event") or body.get("type")),
                happened_at=datetime.fromisoformat(str(body.get("timestamp"))),
                appended_at=item.appended_at,
                message_id=str(body.get("messageId")),
                properties=body.get("properties") or {},
                consents=traits.get("consents") or {},
            )
        )

    def _activity(self, event: Event, _: Fetched) -> None:
        told = self._seen.told.get(event.payload(ActivityRecorded).message_id)
        if told is not None:
            self._seen.people[UUID(event.subject)] = told.user

    def _scored(self, event: Event, _: Fetched) -> None:
        scored = event.payload(LeadScored)
        self._seen.scores += 1
        self._say(event, f"lead score {scored.previous_score or 0} → {scored.score}")

    def _entered(self, event: Event, _: Fetched) -> None:
        entered = event.payload(EnrollmentEntered)
        self._seen.triggers[entered.enrollment_id] = UUID(event.subject)
        self._say(event, f"enters {entered.playbook}")

    def _decided(self, event: Event, _: Fetched) -> None:
        decision = event.payload(DecisionMade)
        self._seen.decide(decision)
        self._say(event, decided(decision))

    def _delivered(self, event: Event, _: Fetched) -> None:
        status: DeliveryStatus = event.payload(STATUSES[event.type])
        if self._seen.status(event.type, UUID(event.subject), status):
            word = event.type.split(".")[1]
            reason = f" ({status.reason})" if status.reason else ""
            self._say(event, f"mail “{status.message}” {word}{reason}")

    def _say(self, event: Event, text: str) -> None:
        who = self._seen.people.get(UUID(event.subject), event.subject[:8])
        self._seen.recent.append(f"{event.time:%H:%M:%S}  {who:<16} {text}")


_WHY = {
    "eligible": "a reminder is sent",
    "no_consent": "no mail: there is no consent to marketing by e-mail",
    "no_address": "no mail: there is no address",
    "exit_when: Order Completed": "no mail: they ordered",
    "exit_when: size(customer.cart.items) == 0": "no mail: the cart was emptied",
}


def decided(decision: DecisionMade) -> str:
    """A decision in a few words; the live page has the whole story."""
    return f"decided: {_WHY.get(decision.reason, f'{decision.outcome}, {decision.reason}')}"


async def follow_mails(
    seen: Observed,
    mailbox: str,
    http: httpx.AsyncClient,
    arrived: Callable[[Mail, Mapping[str, Any]], None],
    addresses: Callable[[str], bool],
) -> None:
    """Look into the mailbox twice a second until cancelled; one that is away is asked again."""
    while True:
        with suppress(httpx.TransportError, httpx.HTTPStatusError):
            await _look(seen, mailbox, http, arrived, addresses)
        await asyncio.sleep(0.3)


async def _look(
    seen: Observed,
    mailbox: str,
    http: httpx.AsyncClient,
    arrived: Callable[[Mail, Mapping[str, Any]], None],
    addresses: Callable[[str], bool],
) -> None:
    start = 0
    while True:
        answer = await http.get(
            f"{mailbox}/api/v1/messages", params={"limit": 200, "start": start}, timeout=5
        )
        page = answer.raise_for_status().json()
        fresh = [m for m in page["messages"] if m["ID"] not in seen.mails]
        for message in fresh:
            mail = Mail(
                to=message["To"][0]["Address"],
                message_id=message["MessageID"].strip("<>"),
                arrived_at=datetime.fromisoformat(message["Created"]),
                subject=message["Subject"],
            )
            if addresses(mail.to):
                seen.mails[message["ID"]] = mail
                seen.recent.append(f"{utc_now():%H:%M:%S}  {mail.to:<16} ✉ {mail.subject}")
                arrived(mail, message)
        start += 200
        if not fresh or start >= page["total"]:
            return
