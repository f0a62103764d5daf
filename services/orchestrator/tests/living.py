"""A profile to which things happen: the orchestrator's folds, its timers and virtual time, without log or database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from common.configuration import Configuration, Content, Release, content_of
from common.consuming import Folded, Record, TimerDue
from common.contracts import Payload, encode_event
from common.contracts.actions import ActionRequested
from common.contracts.decisions import DecisionMade, EnrollmentEntered, EnrollmentExited
from common.contracts.merging import ProfileHandedOver
from common.contracts.profiles import ActivityRecorded, ConsentChanged, TraitsChanged
from common.ids import derive
from orchestrator.consumer import journey_handlers, libraries
from orchestrator.domain.state import ProfileState
from orchestrator.handlers import JourneyMerger

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK = timedelta(milliseconds=250)
ANNA = derive("test", "anna")
VISITOR = derive("test", "visitor")
MERGE = 10
"""The profile version of a merge."""

REPOSITORY = Path(__file__).parents[3]
CART_ABANDONMENT = (REPOSITORY / "playbooks/cart_abandonment/journey.yaml").read_text()
"""The playbook that is shipped."""
TEMPLATES = {
    "templates/reminder.email.de.liquid": "Hallo",
    "templates/reminder.email.en.liquid": "Hello",
}
WORKSPACE = f"""\
sources: {{web: {{key_sha256: {"a" * 64}, kind: server}}}}
brand: {{name: Shop, url: "https://shop.example", imprint: Shop}}
locales: [de, en]
delivery: sink
"""


def playbook(name: str, journey: str, templates: dict[str, str] | None = None) -> Content:
    files = {"journey.yaml": journey, **(TEMPLATES if templates is None else templates)}
    return content_of("playbook", name, files)


def configuration(
    *playbooks: Content, parameters: str = "", older: Sequence[Content] = ()
) -> Configuration:
    workspace = content_of("workspace", "shop", {"workspace.yaml": WORKSPACE + parameters})
    release = Release("shop", 1, (workspace, *playbooks))
    contents = {content.key: content for content in (*release.contents, *older)}
    return Configuration(releases={"shop": release}, contents=contents)


_GREETING = """\
purpose: marketing
trigger: {event: Page Viewed}
entry: {again: AGAIN}
exit_when: [{event: Survey Answered}]
steps:
  - wait: {for: 30m}
  - propose: {message: reminder, channels: [email], expires_after: 24h}
  - wait: {for: 30m}
  - propose: {message: reminder, channels: [email], expires_after: 24h}
"""


def greeting(again: str) -> Content:
    """A journey of two messages to whoever views a page, once or again."""
    return playbook("greeting", _GREETING.replace("AGAIN", again))


CART_SHOP = configuration(playbook("cart_abandonment", CART_ABANDONMENT))


class Life:
    """One profile; `does` and `learns` fold records, `waits` lets the timers that become due fire."""

    def __init__(
        self, shop: Configuration = CART_SHOP, *, willing: bool = True, who: UUID = ANNA
    ) -> None:
        self.who = who
        self.configure(shop)
        self.state: ProfileState | None = None
        self.timers: dict[str, datetime] = {}
        self.now = START
        self.told: list[tuple[datetime, Payload]] = []
        self._offset = 0
        if willing:
            self.is_reachable()
            self.consents()

    def configure(self, shop: Configuration) -> None:
        self.library_of = libraries(shop)
        self._table = journey_handlers(self.library_of)

    def does(
        self,
        activity: str,
        /,
        *,
        after: timedelta = timedelta(),
        occurred_at: datetime | None = None,
        id_: str | None = None,
        history: bool = False,
        **properties: Any,
    ) -> None:
        self.waits(after)
        event_id = derive("event", self.who, id_ or str(self._offset))
        self.learns(
            ActivityRecorded(
                event_id=event_id,
                name=activity,
                source="web",
                message_id=str(event_id),
                occurred_at=occurred_at or self.now,
                received_at=self.now,
                profile_version=1,
                properties=properties,
            ),
            history=history,
        )

    def adds(self, product: str = "p1", **more: Any) -> None:
        self.does("Product Added", product_id=product, quantity=1, **more)

    def is_reachable(self) -> None:
        self.learns(TraitsChanged(profile_version=1, locale="de", reachable=("email",)))

    def consents(self, *, granted: bool = True, version: int = 1) -> None:
        self.learns(
            ConsentChanged(
                profile_version=version,
                channel="email",
                purpose="marketing",
                granted=granted,
                basis="opt_in",
                since=self.now,
                proof_id=ANNA,
            )
        )

    def learns(self, payload: Payload, *, history: bool = False) -> None:
        self._offset += 1
        event = encode_event(
            payload,
            id=derive("record", self.who, self._offset),
            source="/test",
            subject=str(self.who),
            time=self.now,
            workspace="shop",
            correlationid=ANNA,
        )
        topic = payload.TOPICS[0]
        record = Record(topic, 0, self._offset, self.now, self.now, event, history=history)
        self.take(self._table.records[payload.TYPE](self.state, record, self.now))

    def becomes(self, winner: Life) -> None:
        """Turn out to be another profile: all that was known of this one is united there, as the runtime does it."""
        merger = JourneyMerger(winner.library_of)
        winner.now = self.now = max(self.now, winner.now)
        packed = merger.pack(self.state or ProfileState())
        payload = ProfileHandedOver(
            loser=self.who, winner=winner.who, version=MERGE, state=packed.data
        )
        event = encode_event(
            payload,
            id=derive("handover", self.who, winner.who),
            source="/test",
            subject=str(winner.who),
            time=winner.now,
            workspace="shop",
            correlationid=ANNA,
        )
        record = Record("orchestrator.handover", 0, 1, winner.now, winner.now, event)
        winner.take(merger.unite(winner.state, packed.data, record, winner.now))
        self.state = None
        self.timers = {k: v for k, v in self.timers.items() if k not in set(packed.timers)}

    def waits(self, duration: timedelta) -> None:
        """Time passes; a timer fires once the virtual time is beyond it."""
        until = self.now + duration
        while self.timers:
            due, name = min((due, name) for name, due in self.timers.items())
            if due >= until:
                break
            self.now = max(self.now, min(due + TICK, until))
            self.fires(name, due)
        self.now = until

    def fires(self, name: str, due: datetime) -> None:
        self.timers = {k: v for k, v in self.timers.items() if (k, v) != (name, due)}
        signal = TimerDue(0, "shop", self.who, name, due, ANNA)
        assert self._table.timer is not None
        self.take(self._table.timer(self.state, signal, self.now))

    def take(self, folded: Folded[ProfileState]) -> None:
        self.state = folded.state
        for name, due in folded.timers.items():
            if due is None:
                self.timers.pop(name, None)
            else:
                self.timers[name] = due
        for consequence in folded.consequences:
            assert consequence.payload is not None
            assert consequence.subject == str(self.who)
            assert consequence.topic in consequence.payload.TOPICS
            self.told.append((self.now, consequence.payload))

    def of(self, kind: type[Payload]) -> list[Any]:
        return [payload for _, payload in self.told if type(payload) is kind]

    @property
    def decisions(self) -> list[tuple[str, str]]:
        return [(one.outcome, one.reason) for one in self.of(DecisionMade)]

    @property
    def requests(self) -> list[ActionRequested]:
        return self.of(ActionRequested)

    @property
    def entered(self) -> list[EnrollmentEntered]:
        return self.of(EnrollmentEntered)

    @property
    def exits(self) -> list[str]:
        return [one.reason for one in self.of(EnrollmentExited)]


def final_decisions(life: Life) -> dict[UUID, int]:
    """How many final decisions each trigger has."""
    counted = dict.fromkeys((one.trigger_id for one in life.entered), 0)
    for one in life.of(DecisionMade):
        counted[one.trigger_id] += one.outcome != "deferred"
    return counted


def finals(*lives: Life) -> dict[UUID, int]:
    """How many final decisions each passage has, wherever it was when it was ruled."""
    counted = dict.fromkeys((one.enrollment_id for life in lives for one in life.entered), 0)
    for life in lives:
        for one in life.of(DecisionMade):
            counted[one.enrollment_id] += one.outcome != "deferred"
    return counted
