"""A journey goes different ways: by conditions, by chance, by what the person does while it waits."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from common.contracts.decisions import EnrollmentAdvanced, EnrollmentEmitted
from common.documents import DocumentError
from common.ids import derive
from orchestrator.domain.playbook import parse_playbook
from services.orchestrator.tests.living import Life, configuration, playbook

MINUTE = timedelta(minutes=1)
TEMPLATES = {
    f"templates/{name}.email.de.liquid": name
    for name in ("first", "second", "third", "shoes", "all", "early", "late")
}
HEAD = """\
purpose: marketing
trigger: {event: Page Viewed}
entry: {again: always}
steps:
"""


def say(message: str) -> str:
    return f"{{propose: {{message: {message}, channels: [email], expires_after: 24h}}}}"


def living(*steps: str, head: str = HEAD) -> Life:
    text = head + "".join(f"  - {step}\n" for step in steps)
    return Life(configuration(playbook("ways", text, TEMPLATES)))


def problems(*steps: str) -> list[str]:
    text = HEAD + "".join(f"  - {step}\n" for step in steps)
    with pytest.raises(DocumentError) as caught:
        parse_playbook("ways", "v1", {"journey.yaml": text, **TEMPLATES})
    return [finding.text for finding in caught.value.findings]


def messages(life: Life) -> list[str]:
    return [request.message for request in life.requests]


def ways(life: Life) -> list[tuple[str, str]]:
    return [(one.step, one.reason) for one in life.of(EnrollmentAdvanced)]


BRANCH = (
    "branch: [{when: 'customer.orders.count > 1', steps: [" + say("second") + "]}, "
    "{when: 'customer.orders.count > 0', steps: [" + say("first") + "]}, "
    "{otherwise: [" + say("third") + "]}]"
)


@pytest.mark.parametrize(("orders", "message"), [(0, "third"), (1, "first"), (2, "second")])
def test_the_first_way_that_holds_is_taken_and_then_what_follows(orders: int, message: str) -> None:
    life = living(BRANCH, say("all"))
    for number in range(orders):
        life.does("Order Completed", order_id=str(number))
    life.does("Page Viewed")

    assert messages(life) == [message, "all"]
    assert life.exits == ["completed"]


def test_a_branch_without_a_way_for_others_goes_on() -> None:
    life = living(
        "branch: [{when: 'customer.orders.count > 0', steps: [" + say("first") + "]}]", say("all")
    )
    life.does("Page Viewed")

    assert messages(life) == ["all"]
    assert ways(life)[0] == ("0:branch", "took otherwise")


SPLIT = (
    "split: {shoes: {weight: 20, steps: ["
    + say("shoes")
    + "]}, all: {weight: 80, steps: ["
    + say("all")
    + "]}}"
)


def arm(life: Life) -> str:
    life.does("Page Viewed")
    return messages(life)[-1]


def test_a_split_draws_by_its_weights_and_always_the_same_for_a_person() -> None:
    shop = configuration(playbook("ways", HEAD + f"  - {SPLIT}\n", TEMPLATES))
    lives = [Life(shop, who=derive("somebody", number)) for number in range(1_000)]
    drawn = Counter(arm(life) for life in lives)

    # Five standard deviations of a binomial draw.
    assert 137 <= drawn["shoes"] <= 263
    assert drawn.total() == 1_000
    for life in lives[:50]:
        assert arm(life) == messages(life)[0]


def test_a_split_that_has_a_name_stays_as_it_was_where_it_is_moved() -> None:
    def drawn(*steps: str) -> list[str]:
        shop = configuration(
            playbook("ways", HEAD + "".join(f"  - {step}\n" for step in steps), TEMPLATES)
        )
        lives = [Life(shop, who=derive("somebody", number)) for number in range(40)]
        return [arm(life) for life in lives]

    named = "{id: offer, " + SPLIT + "}"
    before = drawn(named)
    assert drawn(say("first"), named) == before
    assert set(before) == {"shoes", "all"}
    assert drawn("{id: other, " + SPLIT + "}") != before


WAIT_FOR = (
    "wait_for: {event: Survey Answered, when: 'has(event.properties.rating) && event.properties.rating >= 4', within: 2d, "
    "then: [" + say("early") + "], otherwise: [" + say("late") + "]}"
)


def test_what_is_waited_for_leads_on_at_once_and_its_timer_is_gone() -> None:
    life = living(WAIT_FOR, say("all"))
    life.does("Page Viewed")
    life.waits(10 * MINUTE)
    life.does("Survey Answered", rating=2)
    assert messages(life) == []
    life.does("Survey Answered", rating=5)

    assert messages(life) == ["early", "all"]
    assert life.timers == {}
    assert ("0:wait_for", "took then") in ways(life)


def test_what_does_not_happen_leads_on_when_its_time_is_up() -> None:
    life = living(WAIT_FOR, say("all"))
    life.does("Page Viewed")
    life.waits(timedelta(days=2) - MINUTE)
    assert messages(life) == []
    life.waits(2 * MINUTE)

    assert messages(life) == ["late", "all"]
    assert ("0:wait_for", "took otherwise") in ways(life)


def test_blocks_may_stand_inside_blocks() -> None:
    inner = "{wait_for: {event: Product Viewed, within: 1h, then: [" + say("first") + "]}}"
    life = living(
        "branch: [{when: 'true', steps: [" + inner + ", " + say("second") + "]}]", say("third")
    )
    life.does("Page Viewed")
    life.does("Product Viewed", product_id="p")

    assert messages(life) == ["first", "second", "third"]
    assert [step for step, _ in ways(life)][:3] == [
        "0:branch",
        "0.way0.0:wait_for",
        "0.way0.0:wait_for",
    ]


def test_a_goal_and_an_exit_end_it_inside_a_block_too() -> None:
    head = HEAD.replace("steps:", "goal: {event: Order Completed}\nsteps:")
    life = living("branch: [{when: 'true', steps: [{wait: {for: 1h}}]}]", say("all"), head=head)
    life.does("Page Viewed")
    life.does("Order Completed", order_id="1")

    assert life.exits == ["goal: Order Completed"]
    assert life.timers == {}
    assert life.decisions == [("cancelled", "goal: Order Completed")]


def test_what_is_set_is_known_later_and_to_nobody_else() -> None:
    life = living(
        "{set: {category: 'string(trigger.properties.category)'}}",
        "{wait: {for: 1h}}",
        "branch: [{when: 'vars.category == \"shoes\"', steps: [" + say("shoes") + "]}, "
        "{otherwise: [" + say("all") + "]}]",
    )
    life.does("Page Viewed", category="shoes", unasked="x")
    life.does("Page Viewed", category="hats")
    life.does("Page Viewed")
    assert life.state is not None
    kept = [(one.variables, one.trigger) for one in life.state.enrollments]
    assert "unasked" not in repr(kept)
    life.waits(2 * timedelta(hours=1))

    assert messages(life) == ["shoes"]


def test_a_parameter_may_be_named_in_a_condition() -> None:
    text = HEAD.replace("trigger:", "parameters: {least: {type: integer, default: 2}}\ntrigger:")
    life = living(
        "branch: [{when: 'customer.orders.count >= parameters.least', steps: ["
        + say("all")
        + "]}]",
        head=text,
    )
    life.does("Order Completed", order_id="1")
    life.does("Page Viewed")
    life.does("Order Completed", order_id="2")
    life.does("Page Viewed")

    assert messages(life) == ["all"]


def test_what_a_journey_tells_begins_another() -> None:
    teller = (
        HEAD + "  - {emit: {event: Interest Found, properties: {of: '\"shoes\"', n: '1 + 1'}}}\n"
    )
    hearer = (
        HEAD.replace(
            "event: Page Viewed", "event: Interest Found, when: 'event.properties[\"n\"] == 2'"
        )
        + f"  - {say('shoes')}\n"
    )
    shop = configuration(
        playbook("teller", teller, TEMPLATES), playbook("hearer", hearer, TEMPLATES)
    )
    life = Life(shop)
    life.does("Page Viewed")

    assert messages(life) == ["shoes"]
    assert life.state is not None
    assert life.state.customer.counts["Interest Found"] == 1
    [told] = life.of(EnrollmentEmitted)
    assert told.heard
    assert told.properties == {"of": "shoes", "n": 2}


def test_journeys_that_answer_each_other_for_ever_are_stopped() -> None:
    def echo(event: str, answer: str) -> str:
        return HEAD.replace("Page Viewed", event) + f"  - {{emit: {{event: {answer}}}}}\n"

    shop = configuration(
        playbook("ping", echo("Ping", "Pong"), TEMPLATES),
        playbook("pong", echo("Pong", "Ping"), TEMPLATES),
    )
    life = Life(shop)
    life.does("Ping")

    told = life.of(EnrollmentEmitted)
    assert [one.heard for one in told] == [True] * 8 + [False]
    assert life.state is not None
    assert life.state.enrollments == ()


def test_an_exit_ends_it_where_it_stands() -> None:
    life = living("branch: [{when: 'true', steps: [{exit: {reason: not interested}}]}]", say("all"))
    life.does("Page Viewed")

    assert life.exits == ["not interested"]
    assert messages(life) == []


def test_whom_entry_does_not_admit_it_does_not_begin_for() -> None:
    head = HEAD.replace("{again: always}", "{again: always, when: 'customer.orders.count > 0'}")
    life = living(say("all"), head=head)
    life.does("Page Viewed")
    assert life.entered == []
    life.does("Order Completed", order_id="1")
    life.does("Page Viewed")

    assert messages(life) == ["all"]


def test_no_more_passages_are_under_way_together_than_entry_says() -> None:
    head = HEAD.replace(
        "{again: always}",
        "{again: per_key, key: 'string(event.properties.product_id)', at_once: 2}",
    )
    life = living("{wait: {for: 1h}}", say("all"), head=head)
    for product in ("a", "b", "c"):
        life.does("Page Viewed", product_id=product)

    assert [one.key for one in life.entered] == ["a", "b"]
    life.waits(timedelta(hours=2))
    life.does("Page Viewed", product_id="c")
    assert [one.key for one in life.entered] == ["a", "b", "c"]
