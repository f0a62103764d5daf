"""The workspace under which the SDKs send, and what came out of it at the other end."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from common.contracts import Event, decode_event
from common.contracts.profiles import ActivityRecorded, TraitsChanged
from common.ids import accepted_event_id, profile_id
from common.postgres import Database
from common.streaming.ports import Place
from cuestream.reaching.installation import find_installation
from cuestream.reaching.log import open_log
from tests.compat.calls import ACTIVITIES, Call
from tests.e2e.stack import Stack

WORKSPACE = "sdks"
BROWSER = "browser"
_TOPIC = "profile.activity"
_PATIENCE = 90.0
_AMPLE = {"events_per_second": 100_000, "burst": 200_000}
_TINY = {"events_per_second": 8, "burst": 1}
"""So that a visit is too much at once, and a wait of some seconds is enough for it."""


def key_of(source: str) -> str:
    return f"cs_test_{source}"


def authorization(source: str) -> str:
    """The header that shows the source's key."""
    return "Basic " + base64.b64encode(f"{key_of(source)}:".encode()).decode()


@dataclass
class Site:
    """A workspace of its own on a running stack, with one source for each SDK."""

    stack: Stack
    folder: Path
    """Holds what is applied."""
    origin: str
    """Of the pages on which the browser's key counts."""
    sources: tuple[str, ...]
    _begin: dict[Place, int] = field(default_factory=dict)

    def publish(self, *, hasty: bool = True) -> None:
        """Put the workspace into force; where nobody may be hasty, hardly a call gets through."""
        workspaces = self.folder / "workspaces"
        workspaces.mkdir(parents=True, exist_ok=True)
        limits = _AMPLE if hasty else _TINY
        document = {
            "sources": {name: self._source(name, limits) for name in (*self.sources, BROWSER)},
            "playbooks": [],
            "senders": {
                "email": {"adapter": "smtp", "from": "a@sdks.example", "from_name": "SDKs"}
            },
            "brand": {"name": "SDKs", "url": "https://sdks.example/", "imprint": "Tests only"},
            "locales": ["en"],
            "delivery": "sink",
        }
        (workspaces / f"{WORKSPACE}.yaml").write_text(json.dumps(document))
        self.stack.cuestream("apply", str(self.folder), "--yes")

    def _source(self, name: str, limits: Mapping[str, float]) -> dict[str, Any]:
        found: dict[str, Any] = {
            "kind": "server",
            "key_sha256": sha256(key_of(name).encode()).hexdigest(),
            "limits": limits,
        }
        return {**found, "kind": "browser", "origins": [self.origin]} if name == BROWSER else found

    def begin(self) -> None:
        """What is on the topic by now is others'."""
        self._begin = asyncio.run(self._ends())

    async def _ends(self) -> dict[Place, int]:
        async with open_log(find_installation(self.stack.data)) as log, log.reader() as reader:
            places = [Place(_TOPIC, partition) for partition in range(log.partitions)]
            return {place: bound.end for place, bound in (await reader.bounds(places)).items()}

    def told(self, whole: Callable[[Told], bool]) -> Told:
        """What the topic says of the workspace since it began, once that is the whole of it."""
        return asyncio.run(self._told(whole))

    async def _told(self, whole: Callable[[Told], bool]) -> Told:
        told = Told()
        async with open_log(find_installation(self.stack.data)) as log, log.reader() as reader:
            await reader.assign(self._begin)
            try:
                async with asyncio.timeout(_PATIENCE):
                    while not whole(told):
                        told.add(decode_event(f.value or b"") for f in await reader.poll(2000, 0.2))
            except TimeoutError:
                return told  # the test says what is missing
        return told

    def owners(self, kind: str, values: Iterable[str]) -> dict[str, UUID]:
        """Which profiles these ids belong to, as resolve knows it."""
        return asyncio.run(self._owners(kind, list(values)))

    async def _owners(self, kind: str, values: list[str]) -> dict[str, UUID]:
        url = find_installation(self.stack.data).database("ingest")
        async with Database.connect(url, schema="ingest", application_name="test") as database:
            rows = await database.fetch(
                "SELECT value, profile_id FROM identities"
                " WHERE workspace = $1 AND kind = $2 AND value = any($3::text[])",
                WORKSPACE,
                kind,
                values,
            )
        return {row["value"]: UUID(int=row["profile_id"].int) for row in rows}


@dataclass
class Told:
    """Events of the workspace, by what they are about."""

    activities: defaultdict[str, dict[UUID, tuple[Event, ActivityRecorded]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """By message id and by their own ids: what was published twice has one id."""
    traits: defaultdict[str, dict[UUID, TraitsChanged]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """By profile and by their own ids."""

    def add(self, events: Iterable[Event]) -> None:
        for event in events:
            if event.workspace != WORKSPACE:
                continue
            if event.type == ActivityRecorded.TYPE:
                activity = event.payload(ActivityRecorded)
                self.activities[activity.message_id][event.id] = event, activity
            elif event.type == TraitsChanged.TYPE:
                self.traits[event.subject][event.id] = event.payload(TraitsChanged)

    def has(self, calls: Iterable[Call]) -> bool:
        """Whether everything is there that such calls are to tell."""
        return all(
            call.message_id in self.activities
            if call.kind in ACTIVITIES
            else call.kind == "alias" or str(user_of(call)) in self.traits
            for call in calls
        )


def user_of(call: Call) -> UUID:
    """The profile that was made for the call's user."""
    return profile_id(WORKSPACE, "user", call.members["userId"])


def check(site: Site, source: str, calls: Iterable[Call], told: Told) -> None:
    """Each call was told of once, with its name and of its user; each alias joined what it named."""
    calls = list(calls)
    for call in calls:
        if call.kind in ACTIVITIES:
            found = told.activities[call.message_id]
            assert len(found) == 1, f"{call.message_id}: {len(found)} times"
            ((event, activity),) = found.values()
            assert activity.name == ACTIVITIES[call.kind]
            assert activity.source == source
            assert activity.event_id == accepted_event_id(WORKSPACE, source, call.message_id)
            assert event.subject == str(user_of(call))
        elif call.kind == "identify":
            assert [t.locale for t in told.traits[str(user_of(call))].values()] == ["de"]
    former = {call.members["previousId"]: user_of(call) for call in calls if call.kind == "alias"}
    assert site.owners("anonymous", former) == former
