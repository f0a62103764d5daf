"""A paused playbook begins no passage and moves none on, but by its exits; when it goes on, nothing comes all at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.configuration import Configuration, Content
from common.contracts.configuration import Overdue, Resumption, Transition
from common.contracts.decisions import EnrollmentAdvanced
from common.ids import derive
from services.orchestrator.tests.living import (
    MINUTE,
    START,
    VISITOR,
    Life,
    configuration,
    playbook,
)

HOUR = timedelta(hours=1)
HEAD = """\
purpose: marketing
trigger: {event: Page Viewed}
entry: {again: always}
exit_when: [{event: Survey Answered}]
steps:
"""
SAY = "  - propose: {message: reminder, channels: [email], expires_after: 24h}\n"
TWICE = playbook(
    "greeting",
    HEAD
    + "  - wait: {for: 1h, restart_on: [Product Added]}\n"
    + SAY
    + "  - wait: {for: 3h}\n"
    + SAY,
)
ASKING = playbook(
    "greeting",
    HEAD
    + "  - id: ask\n    wait_for: {event: Product Viewed, within: 1h, then: [{exit: {reason: seen}}]}\n"
    + SAY,
)


def shop(content: Content = TWICE, **says: Any) -> Configuration:
    return configuration(content, older=[TWICE, ASKING], **says)


def paused(content: Content = TWICE) -> Configuration:
    return shop(content, paused=("greeting",))


def going_on(policy: Any, content: Content = TWICE, over: timedelta = HOUR) -> Configuration:
    return shop(content, resumed=(Resumption(playbook="greeting", overdue=Overdue(policy, over)),))


def living(content: Content = TWICE) -> Life:
    life = Life(shop(content))
    life.does("Page Viewed")
    return life


def held(life: Life) -> list[bool]:
    return [one.held for one in life.state.enrollments] if life.state else []


def reasons(life: Life) -> list[str]:
    return [one.reason for one in life.of(EnrollmentAdvanced)]


def test_nothing_begins_while_a_playbook_is_paused() -> None:
    life = Life(paused())
    life.does("Page Viewed")
    life.publishes(going_on("spread"))
    life.is_woken()
    life.waits(24 * HOUR)

    assert life.entered == []


def test_what_comes_due_during_a_pause_is_held_and_said_once() -> None:
    life = living()
    life.publishes(paused())
    life.waits(24 * HOUR)
    life.is_woken()

    assert life.requests == []
    assert held(life) == [True]
    assert reasons(life) == ["arrived", "held"]


def test_an_exit_acts_during_a_pause() -> None:
    life = living()
    life.publishes(paused())
    life.waits(24 * HOUR)
    life.does("Survey Answered")

    assert life.exits == ["exit_when: Survey Answered"]
    assert life.timers == {}


def test_what_is_not_due_yet_when_a_pause_ends_was_not_touched_by_it() -> None:
    life = living()
    life.publishes(paused())
    life.waits(30 * MINUTE)
    life.publishes(going_on("spread"))
    life.is_woken()
    life.waits(31 * MINUTE)

    assert len(life.requests) == 1
    assert "resumed" not in reasons(life)


def test_after_a_pause_the_held_ones_go_on_over_an_hour_each_at_its_own_time() -> None:
    lives = [Life(shop(), who=derive("person", n)) for n in range(60)]
    for life in lives:
        life.does("Page Viewed")
        life.publishes(paused())
        life.waits(24 * HOUR)
        life.publishes(going_on("spread"))
        life.is_woken()
        life.waits(HOUR)

    after = sorted((life.told[-1][0] - START - 24 * HOUR) for life in lives)
    assert all(len(life.requests) == 1 for life in lives)
    assert after[0] >= timedelta()
    assert after[-1] <= HOUR
    for quarter in range(4):
        inside = [one for one in after if quarter * HOUR / 4 <= one < (quarter + 1) * HOUR / 4]
        assert 5 <= len(inside) <= 30


def test_whoever_chooses_so_lets_the_held_ones_go_on_at_once() -> None:
    life = living()
    life.publishes(paused())
    life.waits(24 * HOUR)
    life.publishes(going_on("run"))
    life.is_woken()
    life.waits(MINUTE)

    assert len(life.requests) == 1
    assert reasons(life)[2] == "resumed"


def test_whoever_chooses_so_leaves_out_what_is_overdue_and_what_follows_comes_in_its_time() -> None:
    life = living()
    life.publishes(paused())
    life.waits(24 * HOUR)
    life.publishes(going_on("skip"))
    life.is_woken()
    life.waits(2 * HOUR)
    assert life.decisions == [("expired", "overdue")]
    life.waits(2 * HOUR)

    assert life.decisions == [("expired", "overdue"), ("chosen", "eligible")]
    assert life.exits == ["completed"]


def test_what_was_held_does_not_go_on_before_it_is_woken() -> None:
    """Another signal may have been accepted long ago: what is spread from then on would come at once."""
    life = living()
    life.publishes(paused())
    life.waits(24 * HOUR)
    life.publishes(going_on("run"))
    life.does("Cart Viewed")
    life.waits(HOUR)

    assert held(life) == [True]
    assert life.requests == []


def test_an_answer_during_a_pause_is_taken_when_it_goes_on() -> None:
    life = living(ASKING)
    life.publishes(paused(ASKING))
    life.does("Product Viewed")
    life.waits(24 * HOUR)
    assert (held(life), life.exits) == ([True], [])
    life.publishes(going_on("spread", ASKING))
    life.is_woken()
    life.waits(HOUR)

    assert life.exits == ["seen"]
    assert life.requests == []


def test_a_wait_that_begins_anew_during_a_pause_is_held_no_more() -> None:
    life = living()
    life.publishes(paused())
    life.waits(2 * HOUR)
    life.does("Product Added", product_id="p", quantity=1)
    assert held(life) == [False]
    life.publishes(going_on("run"))
    life.waits(61 * MINUTE)

    assert len(life.requests) == 1


def test_a_second_pause_holds_what_the_first_let_go_on() -> None:
    life = living()
    life.publishes(paused())
    life.waits(24 * HOUR)
    life.publishes(going_on("spread"))
    life.is_woken()
    life.publishes(paused())
    life.waits(24 * HOUR)

    assert held(life) == [True]
    assert life.requests == []


def test_what_is_held_moves_to_another_version_and_stays_held() -> None:
    new = playbook("greeting", HEAD + "  - wait: {for: 2h}\n" + SAY)
    chosen = Transition(
        playbook="greeting", to=new.hash, under_way="migrate", steps={"2": "0"}, at=START
    )
    life = living()
    life.publishes(paused())
    life.waits(24 * HOUR)
    life.publishes(shop(new, paused=("greeting",), transitions=(chosen,)))
    life.is_woken()
    life.waits(HOUR)
    assert held(life) == [True]
    life.publishes(shop(new, transitions=(chosen,)))
    life.is_woken()
    life.waits(HOUR)

    assert [one.version for one in life.requests] == [new.hash]


def test_what_is_held_stays_held_when_its_profile_turns_out_to_be_another() -> None:
    life = living()
    other = Life(paused(), who=VISITOR)
    life.publishes(paused())
    life.waits(24 * HOUR)
    life.becomes(other)
    other.waits(HOUR)

    assert held(other) == [True]
    assert other.requests == []


@settings(max_examples=60)
@given(
    plan=st.lists(
        st.tuples(
            st.integers(1, 300), st.sampled_from(["pause", "spread", "run", "skip", "wake", "act"])
        ),
        max_size=10,
    )
)
def test_however_often_it_is_paused_a_passage_says_each_thing_once_and_ends(
    plan: list[tuple[int, str]],
) -> None:
    life = living()
    for minutes, what in plan:
        life.waits(minutes * MINUTE)
        match what:
            case "pause":
                life.publishes(paused())
            case "act":
                life.does("Cart Viewed")
            case "wake":
                life.is_woken()
            case policy:
                life.publishes(going_on(policy))
                life.is_woken()
    life.publishes(going_on("spread"))
    life.is_woken()
    life.waits(24 * HOUR)

    assert len(life.decisions) == 2
    assert life.exits == ["completed"]
    assert life.timers == {}


@pytest.mark.parametrize("name", ["other", "greetings"])
def test_a_pause_of_another_playbook_changes_nothing(name: str) -> None:
    life = Life(shop(paused=(name,)))
    life.does("Page Viewed")
    life.waits(24 * HOUR)

    assert life.exits == ["completed"]
