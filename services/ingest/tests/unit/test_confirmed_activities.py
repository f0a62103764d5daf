"""What others are told when a mail's button confirms a double opt-in: an activity, once, and nothing that did not come true."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.consuming import Consequence, Record
from common.contracts.profiles import ActivityRecorded, ConsentChanged
from services.ingest.tests.making import NOW, Shop, accepted, confirmation
from services.ingest.tests.opting import MARKETING, USER, VISITOR, logs_in, says

DAY = timedelta(days=1)


def shop() -> tuple[Shop, UUID, UUID]:
    """With a visitor and a user, who are one person as nobody knows yet."""
    shop = Shop()
    return shop, shop.owner_of(anonymousId="a1"), shop.owner_of(userId="u1")


def button(who: UUID, *, days: float, asked: float = 0) -> Record:
    return confirmation(who, at=NOW + days * DAY, asked_at=NOW + asked * DAY)


def told(shop: Shop) -> list[Consequence]:
    """The activities that no client sent."""
    return [
        one
        for one in shop.told
        if isinstance(one.payload, ActivityRecorded)
        and (one.payload.name, one.payload.source) == ("Consent Confirmed", "link")
    ]


def test_the_button_is_an_activity_that_names_channel_and_purpose_and_nobody() -> None:
    here, _, user = shop()
    says(here, "Requested", text_version="v7")
    pressed = button(user, days=1)
    here.folds(pressed)

    (one,) = told(here)
    said = one.payload
    assert isinstance(said, ActivityRecorded)
    assert (one.topic, one.subject, one.time) == ("profile.activity", str(user), NOW + DAY)
    assert said.properties == MARKETING
    assert (said.event_id, said.message_id) == (pressed.event.id, str(pressed.event.id))
    assert (said.occurred_at, said.received_at) == (NOW + DAY, NOW + DAY)
    assert "192.0.2" not in str(said)


def test_the_consent_is_told_before_what_may_begin_a_journey() -> None:
    here, _, user = shop()
    says(here, "Requested")
    changed, confirmed = [
        payload
        for payload in here.folds(button(user, days=1))
        if isinstance(payload, ConsentChanged | ActivityRecorded)
    ]

    assert isinstance(changed, ConsentChanged)
    assert isinstance(confirmed, ActivityRecorded)
    assert changed.profile_version == confirmed.profile_version


def test_a_confirmation_that_changes_no_contact_is_an_activity_all_the_same() -> None:
    here, _, user = shop()
    for day in (0, 10):
        says(here, "Requested", days=day)
        here.folds(button(user, days=day + 1, asked=day))

    assert len(told(here)) == 2


def test_a_button_that_is_pressed_again_is_no_activity_again() -> None:
    here, _, user = shop()
    says(here, "Requested")
    here.folds(button(user, days=1))
    here.folds(button(user, days=2))
    here.folds(button(user, days=1))

    assert len(told(here)) == 1


@pytest.mark.parametrize("days", [7.1, -1])
def test_a_button_that_confirms_nothing_is_no_activity(days: float) -> None:
    here, _, user = shop()
    says(here, "Requested")
    here.folds(button(user, days=days))

    assert told(here) == []


def test_a_button_that_comes_after_a_no_is_no_activity() -> None:
    here, _, user = shop()
    says(here, "Requested")
    says(here, "Withdrawn", days=1)
    here.folds(button(user, days=2))

    assert told(here) == []


def test_what_a_client_says_of_a_confirmation_is_told_once() -> None:
    here, *_ = shop()
    says(here, "Requested")
    says(here, "Confirmed", days=1)

    names = Counter(c.payload.name for c in here.told if isinstance(c.payload, ActivityRecorded))
    assert names["Consent Confirmed"] == 1


def test_a_button_that_was_pressed_before_its_request_was_heard_is_told_with_the_request() -> None:
    here, _, user = shop()
    here.folds(button(user, days=1))
    assert told(here) == []

    says(here, "Requested")
    (one,) = told(here)
    assert one.time == NOW + DAY


@pytest.mark.parametrize("asked", [VISITOR, USER])
def test_a_button_whose_request_was_made_under_another_name_is_told_by_the_merge(
    asked: str,
) -> None:
    here, visitor, user = shop()
    says(here, "Requested", who=asked)
    here.folds(button(user if asked == VISITOR else visitor, days=1))
    assert told(here) == []

    logs_in(here, days=2)
    (one,) = told(here)
    assert one.subject == str(here.people.root(visitor)) == str(user)
    logs_in(here, days=3)
    assert len(told(here)) == 1


def test_a_merge_tells_no_confirmation_again() -> None:
    here, visitor, user = shop()
    says(here, "Requested", who=VISITOR)
    here.folds(button(visitor, days=1))
    says(here, "Requested", who=USER, days=0)
    logs_in(here, days=2)
    here.folds(button(visitor, days=1))
    here.folds(button(user, days=1))

    assert len(told(here)) == 1


said = st.lists(
    st.one_of(
        st.tuples(st.just("requested"), st.booleans(), st.integers(0, 9)),
        st.tuples(st.just("pressed"), st.booleans(), st.integers(0, 9)),
        st.just(("merged", True, 0)),
    ),
    max_size=9,
    unique_by=lambda one: (one[0], one[2]),
)


@given(said, st.data())
def test_each_confirmation_is_told_once_in_whatever_order_and_under_whichever_name(
    said: list[tuple[str, bool, int]], data: st.DataObject
) -> None:
    """Days of links are those of their mails; each is pressed on the next day, and what is said may come again."""
    here, visitor, user = shop()
    again = data.draw(st.lists(st.sampled_from(said), max_size=4)) if said else []
    for what, by_visitor, day in [*said, *again, ("merged", True, 0)]:
        if what == "merged":
            logs_in(here, days=20)
        elif what == "pressed":
            here.folds(button(visitor if by_visitor else user, days=day + 1, asked=day))
        else:
            asks(here, VISITOR if by_visitor else USER, day)

    requests = {day for what, _, day in said if what == "requested"}
    links = {day for what, _, day in said if what == "pressed"}
    proven = {day for day in links if any(day - 6 <= asked <= day for asked in requests)}
    assert Counter(one.time for one in told(here)) == {NOW + (day + 1) * DAY: 1 for day in proven}


def asks(shop: Shop, who: str, day: int) -> None:
    kind, _, name = who.partition(":")
    body = {"type": "track", kind: name, "event": "Consent Requested", "properties": MARKETING}
    at = NOW + day * DAY
    shop.folds(accepted(body, received_at=at, message_id=f"asked {day} {who}"))
