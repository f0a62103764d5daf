"""A profile to which things happen: the orchestrator's folds, its timers and virtual time, without log or database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from typing_extensions import override

from common.configuration import Configuration, Content, Release, content_of
from common.consuming import Folded, Record
from common.contracts import Payload, encode_event
from common.contracts.actions import ActionRequested
from common.contracts.decisions import (
    DecisionMade,
    EnrollmentEntered,
    EnrollmentExited,
    ProfileWoken,
)
from common.contracts.merging import ProfileHandedOver
from common.contracts.profiles import ActivityRecorded, ConsentChanged, TraitsChanged
from common.ids import derive
from cuestream import rehearsal
from orchestrator.consumer import libraries
from orchestrator.domain.library import Library
from orchestrator.domain.state import ProfileState
from orchestrator.handlers import JourneyMerger

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK = timedelta(milliseconds=250)
MINUTE = timedelta(minutes=1)
SILENCE = 30 * MINUTE
"""That a cart rests, where nobody has set another."""
ANNA = derive("test", "anna")
VISITOR = derive("test", "visitor")
MERGE = 10
"""The profile version of a merge."""

REPOSITORY = Path(__file__).parents[3]
CART_ABANDONMENT = """\
purpose: marketing
parameters:
  silence: {type: duration, default: 30m, min: 5s, max: 7d, description: How long a cart rests before we remind}
trigger: {event: [Product Added, Product Removed, Cart Viewed], when: "size(customer.cart.items) > 0"}
entry: {key: customer.cart.id, again: per_key}
exit_when:
  - {event: Order Completed}
  - {when: "size(customer.cart.items) == 0"}
steps:
  - wait: {for: $silence, restart_on: [Product Added, Product Removed, Cart Viewed]}
  - propose: {message: reminder, channels: [email], expires_after: 24h}
"""
"""One reminder of a cart: the agreed example of a playbook."""
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
    *playbooks: Content, parameters: str = "", older: Sequence[Content] = (), **says: Any
) -> Configuration:
    """A shop with these playbooks; `says` is what its release says of passages that are under way."""
    workspace = content_of("workspace", "shop", {"workspace.yaml": WORKSPACE + parameters})
    release = Release("shop", 1, (workspace, *playbooks), **says)
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


_compiled: dict[int, tuple[Configuration, Callable[[str], Library]]] = {}


def compiled(shop: Configuration) -> Callable[[str], Library]:
    """The playbooks of a shop, compiled once for all lives in it."""
    known = _compiled.get(id(shop))
    if known is None:
        known = _compiled[id(shop)] = shop, libraries(shop)  # held, so that its id stays its own
    return known[1]


class Life(rehearsal.Life):
    """One profile of the tests; `does` and `learns` fold records, `waits` lets the timers that become due fire."""

    def __init__(
        self, shop: Configuration = CART_SHOP, *, willing: bool = True, who: UUID = ANNA
    ) -> None:
        super().__init__(compiled(shop), "shop", who, START)
        if willing:
            self.is_reachable()
            self.consents()

    def publishes(self, shop: Configuration) -> None:
        """From now on another configuration is in force."""
        self.configure(compiled(shop))

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
        event_id = derive("event", self.who, id_ or str(self.heard))
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

    def is_woken(self) -> None:
        """What a job beside the consumer does to whom a publication concerns."""
        self.learns(ProfileWoken(release=2))

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

    @override
    def take(self, folded: Folded[ProfileState]) -> None:
        for consequence in folded.consequences:
            assert consequence.payload is not None
            assert consequence.subject == str(self.who)
            assert consequence.topic in consequence.payload.TOPICS
        super().take(folded)

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
