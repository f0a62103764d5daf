"""A publication chooses what becomes of the passages under way: they finish, move to the next version, or end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.configuration import Configuration, Content
from common.contracts.configuration import Overdue, Transition
from common.contracts.decisions import DecisionMade, EnrollmentMigrated
from orchestrator.domain.journey import Journey
from orchestrator.domain.passage import place_in, without_place
from orchestrator.domain.playbook import parse_playbook
from services.orchestrator.tests.living import MINUTE, START, Life, configuration, playbook

HOUR = timedelta(hours=1)
HEAD = """\
purpose: marketing
trigger: {event: Page Viewed}
entry: {again: never}
exit_when: [{event: Survey Answered}]
steps:
"""
FIRST = "  - {id: rest, wait: {for: 1h}}\n"
SAY = "  - propose: {message: reminder, channels: [email], expires_after: 24h}\n"
SECOND = "  - {id: pause, wait: {for: 1h}}\n"
ANSWER = "  - {id: answer, wait_for: {event: Product Viewed, within: 2h, then: [{exit: {reason: seen}}]}}\n"
BEFORE = "  - {id: greet, wait: {for: 5m}}\n"

OLD = playbook("greeting", HEAD + FIRST + SAY + SECOND + SAY)
LONGER = playbook("greeting", HEAD + BEFORE + FIRST + SAY + SECOND + SAY + ANSWER)
RENAMED = playbook(
    "greeting", HEAD + FIRST.replace("rest", "calm") + SAY + SECOND.replace("pause", "more") + SAY
)
SHOP = configuration(OLD)


def moving(
    new: Content, *, steps: dict[str, str] | None = None, overdue: Overdue | None = None
) -> Configuration:
    """A shop that publishes the new version and moves to it what is under way."""
    chosen = Transition(
        playbook="greeting",
        to=new.hash,
        under_way="migrate",
        steps=steps or {},
        overdue=overdue or Overdue(),
        at=START,
    )
    return configuration(new, older=[OLD, RENAMED, LONGER], transitions=(chosen,))


def cancelling(*contents: Content, to: str) -> Configuration:
    chosen = Transition(playbook="greeting", to=to, under_way="cancel", at=START)
    return configuration(*contents, older=[OLD], transitions=(chosen,))


def living(shop: Configuration = SHOP) -> Life:
    life = Life(shop)
    life.does("Page Viewed")
    return life


def journey(content: Content) -> Journey:
    return parse_playbook(content.name, content.hash, content.files)


def migrations(life: Life) -> list[tuple[str, str]]:
    return [(one.from_step, one.step) for one in life.of(EnrollmentMigrated)]


def test_without_a_choice_a_passage_finishes_on_its_version() -> None:
    life = living()
    life.publishes(configuration(LONGER, older=[OLD]))
    life.is_woken()
    life.waits(3 * HOUR)

    assert [one.version for one in life.requests] == [OLD.hash, OLD.hash]
    assert migrations(life) == []


def test_who_is_moved_rests_at_the_step_of_the_same_id_as_long_as_before() -> None:
    life = living()
    life.waits(40 * MINUTE)
    life.publishes(moving(LONGER))
    life.is_woken()
    [moved] = life.of(EnrollmentMigrated)
    life.waits(19 * MINUTE)
    early = len(life.requests)
    life.waits(2 * MINUTE)

    assert (moved.from_version, moved.version) == (OLD.hash, LONGER.hash)
    assert (moved.from_step, moved.step) == ("rest:wait", "rest:wait")
    assert moved.due_at == START + HOUR
    assert early == 0
    assert [one.version for one in life.requests] == [LONGER.hash]


def test_who_is_moved_is_moved_once_however_often_it_is_woken() -> None:
    life = living()
    life.publishes(moving(LONGER))
    for _ in range(3):
        life.is_woken()
    life.does("Product Viewed")
    life.waits(4 * HOUR)

    assert migrations(life) == [("rest:wait", "rest:wait")]


def test_a_map_names_where_the_steps_of_another_id_go_on() -> None:
    life = living()
    life.publishes(moving(RENAMED, steps={"rest": "more"}))
    life.is_woken()
    life.waits(3 * HOUR)

    assert migrations(life) == [("rest:wait", "more:wait")]
    assert len(life.requests) == 1


def test_who_has_no_place_in_the_new_version_stays_until_there_is_one() -> None:
    life = living()
    life.publishes(moving(RENAMED, steps={"pause": "more"}))
    life.is_woken()
    assert migrations(life) == []
    life.waits(61 * MINUTE)
    life.is_woken()
    life.waits(2 * HOUR)

    assert migrations(life) == [("pause:wait", "more:wait")]
    assert [one.version for one in life.requests] == [OLD.hash, RENAMED.hash]


def test_any_signal_moves_a_passage_before_it_does_anything_else() -> None:
    life = living()
    life.publishes(moving(LONGER))
    life.waits(61 * MINUTE)

    assert [one.version for one in life.requests] == [LONGER.hash]


def test_the_exits_of_the_new_version_end_who_was_moved() -> None:
    new = playbook("greeting", HEAD.replace("Survey Answered", "Cart Viewed") + FIRST + SAY)
    life = living()
    life.publishes(moving(new, steps={"pause": "rest"}))
    life.is_woken()
    life.does("Survey Answered")
    life.does("Cart Viewed")

    assert life.exits == ["exit_when: Cart Viewed"]


def test_decisions_of_a_place_that_is_visited_on_two_versions_are_two() -> None:
    life = living()
    life.waits(61 * MINUTE)
    life.publishes(moving(RENAMED, steps={"rest": "calm", "pause": "calm"}))
    life.is_woken()
    life.waits(3 * HOUR)

    ids = [one.decision_id for one in life.of(DecisionMade)]
    assert len(ids) == len(set(ids)) == 3


def test_who_is_cancelled_ends_at_once_with_a_decision() -> None:
    life = living()
    life.publishes(cancelling(LONGER, to=LONGER.hash))
    life.is_woken()

    assert life.exits == ["cancelled_by_publication"]
    assert life.decisions == [("cancelled", "cancelled_by_publication")]
    assert life.timers == {}


def test_a_playbook_that_is_no_longer_published_may_end_what_is_under_way() -> None:
    life = living()
    life.publishes(cancelling(to=""))
    life.is_woken()

    assert life.exits == ["cancelled_by_publication"]


def test_who_began_on_the_version_in_force_is_not_concerned() -> None:
    life = living(cancelling(LONGER, to=LONGER.hash))
    life.is_woken()

    assert life.exits == []


def test_publishing_again_sends_no_backlog() -> None:
    """The trap: who was reminded, who left, and whose time is over long ago are not begun anew by a publication."""
    life = living()
    life.waits(3 * HOUR)
    sent = len(life.requests)
    life.publishes(moving(LONGER))
    life.is_woken()
    life.waits(24 * HOUR)

    assert (sent, len(life.requests), len(life.entered)) == (2, 2, 1)


@pytest.mark.parametrize(
    ("policy", "soon", "later", "outcome"),
    [("spread", 0, 1, "chosen"), ("run", 1, 1, "chosen"), ("skip", 0, 0, "expired")],
)
def test_what_is_overdue_at_a_migration_goes_on_as_chosen(
    policy: Any, soon: int, later: int, outcome: str
) -> None:
    life = living()
    stuck = dict(life.timers)
    life.timers = {}
    life.waits(10 * HOUR)
    life.timers = stuck
    life.publishes(moving(LONGER, overdue=Overdue(policy, 50 * MINUTE)))
    life.is_woken()
    life.waits(MINUTE / 30)
    at_once = len(life.requests)
    life.waits(50 * MINUTE)

    assert (at_once, len(life.requests)) == (soon, later)
    assert life.decisions[0][0] == outcome


def test_an_unrelated_edit_does_not_move_when_a_wait_is_due() -> None:
    life = living()
    due = dict(life.timers)
    edited = playbook("greeting", HEAD + FIRST.replace("1h", "3h") + SAY + SECOND + SAY)
    life.publishes(moving(edited))
    life.is_woken()

    assert life.timers == due


_WAITS = ("a", "b", "c", "d")
_ids = st.lists(st.sampled_from(_WAITS), min_size=1, max_size=4, unique=True)


def _waiting(ids: list[str], kinds: dict[str, bool]) -> Content:
    text = "".join(
        f"  - {{id: {one}, wait_for: {{event: Product Viewed, within: 1h}}}}\n"
        if kinds[one]
        else f"  - {{id: {one}, wait: {{for: 1h}}}}\n"
        for one in ids
    )
    return playbook("greeting", HEAD + text + SAY)


@settings(max_examples=60)
@given(
    old=_ids,
    new=_ids,
    kinds=st.tuples(*(st.fixed_dictionaries({one: st.booleans() for one in _WAITS}),) * 2),
    steps=st.dictionaries(st.sampled_from(_WAITS), st.sampled_from(_WAITS)),
)
def test_everybody_either_has_a_place_or_is_told_of_before_the_publication(
    old: list[str],
    new: list[str],
    kinds: tuple[dict[str, bool], dict[str, bool]],
    steps: dict[str, str],
) -> None:
    before, after = journey(_waiting(old, kinds[0])), journey(_waiting(new, kinds[1]))
    homeless = set(without_place(before, after, steps))
    for place, placed in enumerate(before.steps[: len(old)]):
        there = place_in(before, place, after, steps)
        assert (there is None) == (place in homeless)
        if there is not None:
            assert after.steps[there].id == steps.get(placed.id, placed.id)


@settings(max_examples=40)
@given(minutes=st.lists(st.integers(0, 200), min_size=1, max_size=6), late=st.integers(0, 190))
def test_a_migration_to_the_same_steps_changes_nothing_that_anybody_receives(
    minutes: list[int], late: int
) -> None:
    same = playbook("greeting", HEAD + FIRST + SAY + SECOND + SAY + "  - exit: {reason: over}\n")
    lives = [living(), living()]
    for at in sorted([*minutes, late]):
        for moved, life in enumerate(lives):
            life.waits(max(timedelta(), START + at * MINUTE - life.now))
            life.does("Product Viewed")
            if moved and at == late:
                life.publishes(moving(same))
                life.is_woken()
    for life in lives:
        life.waits(4 * HOUR)

    assert [one.due_at for one in lives[0].requests] == [one.due_at for one in lives[1].requests]
    assert len(migrations(lives[1])) <= 1
