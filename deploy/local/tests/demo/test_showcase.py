"""Every playbook's example is played beside the shop, and what does not come breaks the demo's promise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from common.contracts.deliveries import DeliverySent, DeliverySkipped, DeliveryStatus
from common.ids import derive
from cuestream.demo.judging import judge
from cuestream.demo.observed import Observed
from cuestream.demo.showcase import Guest, Showcase, Shown, guests_of

ROOT = Path(__file__).parents[4]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROFILE = derive("guest")
GUEST = Guest(
    "welcome", "show-1-welcome", ({"at": "0s", "type": "track", "event": "Signed Up"},), ("hello",)
)


def status(kind: type[DeliveryStatus], message: str) -> DeliveryStatus:
    return kind(
        delivery_id=derive("delivery", message),
        decision_id=derive("decision", message),
        enrollment_id=derive("enrollment"),
        playbook="welcome",
        version="v1",
        message=message,
        channel="email",
        purpose="marketing",
        at=NOW,
    )


def seen(*statuses: DeliveryStatus) -> Showcase:
    showcase = Showcase([GUEST], "http://collector")
    showcase.seen.people[PROFILE] = GUEST.user
    for one in statuses:
        showcase.seen.status(one.TYPE, PROFILE, one)
    return showcase


def test_every_shipped_playbook_has_a_guest_whose_dates_lie_ahead() -> None:
    guests = {guest.playbook: guest for guest in guests_of(ROOT, "r", NOW)}

    assert guests.keys() == {path.name for path in (ROOT / "playbooks").iterdir()}
    (_, registered) = guests["event_cycle"].events
    assert datetime.fromisoformat(registered["properties"]["starts_at"]) > NOW + timedelta(
        seconds=9
    )
    assert [guest.playbook for guest in guests.values() if guest.note] == ["birthday"]


def test_what_was_sent_to_the_guest_is_shown() -> None:
    (shown,) = seen(status(DeliverySent, "hello")).shown

    assert shown == Shown("welcome", ("hello",), ("hello",))
    assert shown.held


def test_a_mail_that_does_not_come_breaks_the_promise() -> None:
    showcase = seen(status(DeliverySkipped, "hello"))
    summary = judge(Observed(), timedelta(seconds=10), {}, showcase.shown)

    assert not summary.promises_held
    assert judge(Observed(), timedelta(seconds=10), {}).promises_held


async def test_a_collector_that_is_away_is_told_again() -> None:
    answers = [503, 200]

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.content)
        return httpx.Response(answers.pop(0))

    asked: list[bytes] = []
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        await seen().play(http)

    assert len(asked) == 2
    assert b"show-1-welcome-0" in asked[0]
    assert b"show-1-welcome-0" in asked[1]


async def test_a_stack_without_the_workspace_shows_nothing() -> None:
    showcase = seen()
    transport = httpx.MockTransport(lambda _: httpx.Response(401))
    async with httpx.AsyncClient(transport=transport) as http:
        await showcase.play(http)

    assert showcase.shown == ()
