"""What tests of the api stand on: records of one profile, ports in memory, and a client that speaks ASGI."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from common.configuration import load_directory
from common.consuming import Record
from common.contracts import Payload, encode_event
from common.contracts.actions import ActionRequested
from common.contracts.decisions import (
    Candidate,
    DecisionMade,
    EnrollmentAdvanced,
    EnrollmentEntered,
    EnrollmentExited,
    Gate,
    Outcome,
)
from common.contracts.deliveries import DeliverySent
from common.contracts.profiles import ActivityRecorded, LeadScored
from common.errors import TransientError
from common.ids import derive
from orchestrator.api import Access, Board, Ports, Publisher, SourceBoard, build
from orchestrator.ports.history import Found
from services.orchestrator.tests.steering import FakeAdministration, FakeCommands, FakeRoster
from services.orchestrator.tests.storing import Announced, FakePublications

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANNA = derive("test", "anna")
KEY = "an admin key"
KEY_SHA256 = hashlib.sha256(KEY.encode()).hexdigest()
REPOSITORY = Path(__file__).parents[3]
YES = Candidate("reminder", "email", (Gate("consent", True), Gate("address", True)))
NO = Candidate("reminder", "email", (Gate("consent", False, "no_consent"), Gate("address", True)))


class Diary:
    """Writes one profile's records, in the order of the calls."""

    def __init__(self, profile_id: UUID = ANNA, workspace: str = "demo") -> None:
        self.records: list[Record] = []
        self.profile_id = profile_id
        self.workspace = workspace
        self.last: UUID | None = None
        """The last activity: what is noted without a correlation follows from it."""

    def note(
        self, topic: str, payload: Payload, seconds: float, correlation: UUID | None = None
    ) -> Record:
        at = START + timedelta(seconds=seconds)
        identity = derive("record", self.workspace, self.profile_id, len(self.records))
        event = encode_event(
            payload,
            id=identity,
            source="/test",
            subject=str(self.profile_id),
            time=at,
            workspace=self.workspace,
            correlationid=correlation or self.last or identity,
        )
        record = Record(topic, 0, len(self.records), at, at, event)
        self.records.append(record)
        return record

    def does(self, name: str, seconds: float, /, **properties: Any) -> Record:
        at = START + timedelta(seconds=seconds)
        activity = ActivityRecorded(
            event_id=derive("event", name, str(seconds)),
            name=name,
            source="shop",
            message_id=f"{name} {seconds}",
            occurred_at=at,
            received_at=at,
            profile_version=1,
            properties=properties,
        )
        self.last = None
        record = self.note("profile.activity", activity, seconds)
        self.last = record.correlation
        return record

    def scores(self, score: int, seconds: float, before: int | None = None) -> Record:
        scored = LeadScored(
            score=score, previous_score=before, grade="warm", reasons=(), model_version="1"
        )
        return self.note("profile.scores", scored, seconds)

    def enters(self, trigger: Record, seconds: float, *, waits: float, key: str = "cart") -> UUID:
        enrollment_id = derive("enrollment", self.profile_id, key)
        passage: dict[str, Any] = {
            "enrollment_id": enrollment_id,
            "playbook": "cart_abandonment",
            "version": "v1",
        }
        due_at = START + timedelta(seconds=seconds + waits)
        entered = EnrollmentEntered(trigger_id=trigger.event.id, key=key, **passage)
        self.note("journey.steps", entered, seconds, trigger.correlation)
        advanced = EnrollmentAdvanced(step="0:wait", reason="arrived", due_at=due_at, **passage)
        self.note("journey.steps", advanced, seconds, trigger.correlation)
        return enrollment_id

    def decides(
        self,
        outcome: Outcome,
        reason: str,
        seconds: float,
        *,
        due: float | None = None,
        candidates: tuple[Candidate, ...] = (),
        enrollment: UUID = ANNA,
    ) -> Record:
        decision = DecisionMade(
            decision_id=derive("decision", enrollment, str(seconds)),
            trigger_id=ANNA,
            enrollment_id=enrollment,
            playbook="cart_abandonment",
            version="v1",
            outcome=outcome,
            reason=reason,
            candidates=candidates,
            due_at=None if due is None else START + timedelta(seconds=due),
        )
        return self.note("decisions", decision, seconds)

    def leaves(self, enrollment: UUID, reason: str, seconds: float) -> Record:
        exited = EnrollmentExited(
            enrollment_id=enrollment, playbook="cart_abandonment", version="v1", reason=reason
        )
        return self.note("journey.steps", exited, seconds)

    def gets_mail(self, decision: Record, seconds: float) -> Record:
        made = decision.event.payload(DecisionMade)
        common: dict[str, Any] = {
            "delivery_id": derive("delivery", made.decision_id),
            "decision_id": made.decision_id,
            "enrollment_id": made.enrollment_id,
            "playbook": made.playbook,
            "version": made.version,
            "message": "reminder",
            "channel": "email",
            "purpose": "marketing",
        }
        at = START + timedelta(seconds=seconds)
        requested = ActionRequested(expires_at=at + timedelta(hours=24), **common)
        self.note("action.requests", requested, seconds - 0.1)
        return self.note("delivery.status", DeliverySent(at=at, provider="smtp", **common), seconds)


class FakeHistory:
    """A `History` of what it was given."""

    def __init__(self, records: Sequence[Record] = (), *, complete: bool = True) -> None:
        self.records = records
        self.complete = complete
        self.away = False

    async def of_profile(
        self, profile_id: UUID, topics: Sequence[str], *, since: datetime | None
    ) -> Found:
        if self.away:
            raise TransientError("kafka_unavailable", "no broker answers")
        mine = (r for r in self.records if r.event.subject == str(profile_id) and r.topic in topics)
        return Found(
            tuple(r for r in mine if since is None or r.appended_at >= since), self.complete
        )

    async def decision(self, decision_id: UUID, *, since: datetime | None) -> Record | None:
        made = (record for record in self.records if record.topic == "decisions")
        return next(
            (r for r in made if r.event.payload(DecisionMade).decision_id == decision_id), None
        )


class Api:
    """The application with fakes behind it; `now` is what its clock says."""

    def __init__(self, *, local: bool = False) -> None:
        self.now = START + timedelta(hours=1)
        self.publications = FakePublications()
        self.announced = Announced()
        self.history = FakeHistory()
        self.board = Board()
        self.sources = SourceBoard()
        self.publisher = Publisher(self.publications, self.announced, self.clock)
        self.administration = FakeAdministration()
        self.roster, self.commands = FakeRoster(), FakeCommands()
        access = Access(
            KEY_SHA256,
            [b"a secret of the page"],
            local,
            secure=False,
            clock=self.clock,
            administration=self.administration,
        )
        ports = Ports(
            self.publisher,
            self.history,
            self.board,
            self.sources,
            self.publications,
            self.roster,
            self.commands,
        )
        app = build(ports, access, self.clock)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://orchestrator"
        )

    def clock(self) -> datetime:
        return self.now

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.http.get(path, params=params, headers={"Authorization": f"Bearer {KEY}"})

    async def post(self, path: str, body: object, key: str = KEY) -> httpx.Response:
        return await self.http.post(path, json=body, headers={"Authorization": f"Bearer {key}"})


def configuration() -> dict[str, list[dict[str, Any]]]:
    """What the repository's folder holds for its two shops, as a publisher sends it."""
    loaded = load_directory(REPOSITORY)
    return {
        workspace: [
            {"kind": content.kind, "name": content.name, "files": dict(content.files)}
            for content in contents
        ]
        for workspace, contents in loaded.items()
        if workspace in ("default", "demo")
    }
