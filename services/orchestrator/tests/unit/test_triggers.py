"""What begins a passage besides an activity: a condition that comes true, a date, a silence."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from common.contracts.profiles import LeadScored, TraitsChanged
from common.documents import DocumentError
from orchestrator.domain.playbook import parse_playbook
from services.orchestrator.tests.living import VISITOR, Life, configuration, playbook

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TEMPLATES = {"templates/hello.email.de.liquid": "Hallo"}


def written(trigger: str, *, more: str = "", wait: str = "1h") -> str:
    return f"""\
purpose: marketing
{more}trigger: {trigger}
entry: {{again: always}}
steps:
  - propose: {{message: hello, channels: [email], expires_after: 24h}}
  - wait: {{for: {wait}}}
"""


def living(*triggers: str, more: str = "", at: datetime | None = None) -> Life:
    shop = configuration(
        *(
            playbook(f"p{number}", written(trigger, more=more), TEMPLATES)
            for number, trigger in enumerate(triggers)
        ),
        parameters="segments: {hot: customer.lead_score >= 50}\n",
    )
    life = Life(shop, willing=False)
    life.now = at or life.now
    life.is_reachable()
    life.consents()
    return life


def scores(life: Life, score: int) -> None:
    life.learns(
        LeadScored(score=score, previous_score=None, grade="A", reasons=(), model_version="1")
    )


@pytest.mark.parametrize(
    "trigger",
    ["{score: lead, reaches: 50}", "{becomes: 'customer.lead_score >= 50'}", "{enters: hot}"],
)
def test_a_threshold_that_is_jumped_over_counts_once_for_each_crossing(trigger: str) -> None:
    life = living(trigger)
    begun = []
    for score in (10, 80, 90, 50, 20, 49, 50):
        scores(life, score)
        life.waits(2 * HOUR)
        begun.append(len(life.entered))

    assert begun == [0, 1, 1, 1, 1, 1, 2]


def test_a_score_that_falls_begins_too() -> None:
    life = living("{score: lead, falls_below: 20}")
    for score in (10, 30, 19, 5, 20, 3):
        scores(life, score)
        life.waits(2 * HOUR)

    # Nobody's score fell in the beginning: it was 0.
    assert len(life.entered) == 2


def test_a_condition_that_an_activity_makes_true_begins() -> None:
    life = living("{becomes: 'customer.orders.count >= 2'}")
    for number in range(4):
        life.does("Order Completed", order_id=str(number))

    assert len(life.entered) == 1


def test_a_condition_that_held_for_either_of_two_people_who_are_one_does_not_come_true() -> None:
    shop = configuration(
        playbook("p", written("{becomes: 'customer.orders.count >= 2'}"), TEMPLATES)
    )
    for orders in ((2, 0), (0, 2), (2, 2)):
        winner, loser = Life(shop), Life(shop, who=VISITOR)
        for life, count in zip((winner, loser), orders, strict=True):
            for number in range(count):
                life.does("Order Completed", order_id=f"{life.who}-{number}")
            life.waits(2 * HOUR)
        loser.becomes(winner)
        assert len(winner.entered) == orders[0] // 2
    winner, loser = Life(shop), Life(shop, who=VISITOR)
    for life in (winner, loser):
        life.does("Order Completed", order_id=str(life.who))
    loser.becomes(winner)
    assert len(winner.entered) == 1


def test_a_silence_begins_once_and_again_after_the_next_sign_of_life() -> None:
    life = living("{inactive: 30d}")
    life.does("Page Viewed")
    for _ in range(3):
        life.waits(10 * DAY)
        life.does("Page Viewed")
    assert life.entered == []
    life.waits(30 * DAY + HOUR)
    assert len(life.entered) == 1
    life.waits(300 * DAY)
    assert len(life.entered) == 1
    life.does("Page Viewed")
    life.waits(31 * DAY)
    assert len(life.entered) == 2


def test_a_silence_is_measured_by_the_customers_own_rhythm() -> None:
    life = living("{inactive: {rhythm: 2, least: 3d, most: 60d}}")
    for _ in range(5):
        life.does("Page Viewed")
        life.waits(7 * DAY)
    assert life.entered == []
    life.waits(7 * DAY - HOUR)
    assert life.entered == []
    life.waits(2 * HOUR)
    assert len(life.entered) == 1


def test_who_has_no_rhythm_yet_is_waited_for_the_longest() -> None:
    life = living("{inactive: {rhythm: 2, least: 3d, most: 60d}}")
    life.does("Page Viewed")
    life.waits(59 * DAY)
    assert life.entered == []
    life.waits(2 * DAY)
    assert len(life.entered) == 1


def test_the_timer_of_a_silence_is_not_moved_by_every_sign_of_life() -> None:
    life = living("{inactive: 30d}")
    life.does("Page Viewed")
    before = dict(life.timers)
    life.waits(HOUR)
    life.does("Page Viewed")

    assert life.timers == before


def first_order(life: Life, at: datetime) -> None:
    life.now = at
    life.does("Order Completed", order_id="1")


def test_an_anniversary_comes_every_year_at_a_time_of_the_customers_day() -> None:
    life = living("{date: customer.orders.first_at, every: year, offset: -1d, time: '09:00'}")
    first_order(life, datetime(2026, 3, 10, 12, tzinfo=UTC))
    life.waits(364 * DAY - 4 * HOUR)
    assert life.entered == []
    life.waits(2 * HOUR)
    assert life.now.date() == date(2027, 3, 9)
    assert len(life.entered) == 1
    life.waits(366 * DAY)
    assert len(life.entered) == 2


@pytest.mark.parametrize(
    ("leap", "days"),
    [
        ("before", ["02-28", "02-28", "02-28", "02-29"]),
        ("after", ["03-01", "03-01", "03-01", "02-29"]),
    ],
)
def test_the_29th_of_february_is_in_every_year(leap: str, days: list[str]) -> None:
    life = living(
        f"{{date: '\"02-29\"', every: year, time: '09:00', leap: {leap}}}",
        at=datetime(2024, 6, 1, tzinfo=UTC),
    )
    life.waits(4 * 365 * DAY)

    begun = [at for at, one in life.told if one in life.entered]
    assert [at.strftime("%m-%d") for at in begun] == days


def test_a_date_that_comes_once_comes_once_and_not_after_it() -> None:
    life = living("{date: customer.orders.first_at, offset: 3d}")
    first_order(life, datetime(2026, 3, 10, 12, tzinfo=UTC))
    life.waits(2 * 365 * DAY)
    assert len(life.entered) == 1
    late = living("{date: customer.orders.first_at, offset: -3d}")
    first_order(late, datetime(2026, 3, 10, 12, tzinfo=UTC))
    late.waits(365 * DAY)
    assert late.entered == []


def test_an_unrelated_edit_leaves_the_timer_as_it_is_and_another_trigger_sets_its_own() -> None:
    trigger = "{inactive: 30d}"
    shop = configuration(playbook("p", written(trigger), TEMPLATES))
    life = Life(shop)
    life.does("Page Viewed")
    armed = dict(life.timers)
    assert len(armed) == 1
    life.publishes(
        configuration(playbook("p", written("{ inactive: 30d } # soon", wait="2h"), TEMPLATES))
    )
    life.waits(DAY)
    life.learns(TraitsChanged(profile_version=3, locale="en", reachable=("email",)))
    assert life.timers == armed
    life.publishes(configuration(playbook("p", written("{inactive: 31d}"), TEMPLATES)))
    life.learns(TraitsChanged(profile_version=4, locale="en", reachable=("email",)))
    assert life.timers.keys().isdisjoint(armed)
    assert len(life.timers) == 1
    life.waits(40 * DAY)
    assert len(life.entered) == 1


def test_the_timers_of_a_playbook_that_is_gone_are_cancelled() -> None:
    life = Life(configuration(playbook("p", written("{inactive: 30d}"), TEMPLATES)))
    life.does("Page Viewed")
    life.publishes(configuration())
    life.does("Page Viewed")

    assert life.timers == {}
    assert life.state is not None
    assert life.state.schedules == {}


def test_history_sets_the_timers_and_begins_nothing() -> None:
    life = living("{inactive: 30d}", "{becomes: 'customer.orders.count >= 1'}")
    life.does("Order Completed", order_id="1", history=True)
    assert life.entered == []
    assert len(life.timers) == 1


def test_somebody_who_becomes_another_takes_no_timer_along() -> None:
    shop = configuration(playbook("p", written("{inactive: 30d}"), TEMPLATES))
    winner, loser = Life(shop), Life(shop, who=VISITOR)
    loser.does("Page Viewed")
    loser.waits(10 * DAY)
    loser.becomes(winner)

    assert loser.timers == {}
    assert len(winner.timers) == 1
    winner.waits(21 * DAY)
    assert len(winner.entered) == 1


def test_several_triggers_may_begin_one_playbook() -> None:
    life = living(
        "[{event: Page Viewed}, {becomes: 'customer.orders.count >= 1'}, {inactive: $silence}]",
        more="parameters: {silence: {type: duration, default: 2d}}\n",
    )
    life.does("Page Viewed")
    life.waits(2 * HOUR)
    life.does("Order Completed", order_id="1")
    life.waits(2 * HOUR)
    life.waits(3 * DAY)

    assert len(life.entered) == 3


@pytest.mark.parametrize(
    ("trigger", "message"),
    [
        (
            "{when: 'true'}",
            "a trigger is one of event, becomes, enters, leaves, score, date, inactive, price_drop, back_in_stock, api",
        ),
        ("{event: x, inactive: 1d}", "a trigger is one of"),
        ("{becomes: 'event.name == \"x\"'}", "event"),
        ("{becomes: 'customer.lead_scor > 1'}", "did you mean `customer.lead_score`?"),
        ("{score: lead}", "say either what the score `reaches`"),
        ("{score: laed, reaches: 3}", "did you mean `lead`?"),
        ("{inactive: 0s}", "a silence is longer than nothing"),
        ("{inactive: {rhythm: 0, least: 1d, most: 2d}}", "more than 0"),
        ("{inactive: {rhythm: 1, least: 3d, most: 2d}}", "no more than `most`"),
        ("{date: customer.orders.count}", "must be a timestamp"),
        ("{date: customer.locale}", "must be a timestamp"),
        ("{date: customer.last_seen, leap: before}", "`leap` is for what comes"),
        ("{date: customer.last_seen, time: noon}", "`noon` is not a time of day"),
    ],
)
def test_what_is_wrong_with_a_trigger_is_said(trigger: str, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_playbook("p", "v1", {"journey.yaml": written(trigger), **TEMPLATES})
    assert any(message in finding.text for finding in caught.value.findings), caught.value
