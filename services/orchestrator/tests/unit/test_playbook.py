"""A playbook is checked before it is published, and what is wrong with it is said by place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.documents import DocumentError
from orchestrator.domain.journey import Journey
from orchestrator.domain.playbook import parse_playbook
from orchestrator.domain.steps import Propose, Wait
from services.orchestrator.tests.living import CART_ABANDONMENT, TEMPLATES

Overrides = dict[str, str | int | float | bool]


def parse(
    text: str = CART_ABANDONMENT,
    overrides: Overrides | None = None,
    templates: dict[str, str] | None = None,
) -> Journey:
    files = {"journey.yaml": text, **(TEMPLATES if templates is None else templates)}
    return parse_playbook("cart_abandonment", "v1", files, overrides)


def problems(
    text: str = CART_ABANDONMENT,
    overrides: Overrides | None = None,
    templates: dict[str, str] | None = None,
) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        parse(text, overrides, templates)
    return [finding.text for finding in caught.value.findings]


def test_the_agreed_example_is_read() -> None:
    journey = parse()

    assert journey.purpose == "marketing"
    assert [placed.step.KIND for placed in journey.steps] == ["wait", "propose"]
    wait, propose = (placed.step for placed in journey.steps)
    assert isinstance(wait, Wait)
    assert wait.duration == timedelta(minutes=30)
    assert isinstance(propose, Propose)
    assert propose.proposal.channels == ("email",)
    assert [exit_.reason for exit_ in journey.exits] == [
        "exit_when: Order Completed",
        "exit_when: size(customer.cart.items) == 0",
    ]
    assert journey.entry.follows_customer


def test_a_workspace_overrides_a_parameter_within_its_bounds() -> None:
    wait = parse(overrides={"silence": "10s"}).steps[0].step
    assert isinstance(wait, Wait)
    assert wait.duration == timedelta(seconds=10)

    assert problems(overrides={"silence": "1s"}) == [
        "parameter `silence`:1:1: `silence` is below its least value"
    ]
    assert problems(overrides={"silence": "30 minutes"})[0].startswith("parameter `silence`:1:1:")
    assert problems(overrides={"silent": "10s"}) == [
        "parameter `silent`:1:1: the playbook has no parameter `silent`; known: silence"
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("purpose: marketing", "purpose: spam"), "1:10: `spam` is none of marketing"),
        (("purpose:", "purpos:"), "1:1: unknown key `purpos`; did you mean `purpose`?"),
        (("type: duration", "type: time"), "3:19: `time` is none of duration"),
        (("default: 30m", "default: 30d"), "3:38: `silence` is above its greatest value"),
        (
            ("$silence", "$silent"),
            "10:17: there is no parameter `silent`; did you mean `silence`?",
        ),
        (("$silence", "30m"), "3:12: `silence` is used by no step"),
        (("restart_on", "restart"), "unknown key `restart`; did you mean `restart_on`?"),
        (("- wait:", "- wiat:"), "10:5: unknown key `wiat`; did you mean `wait`?"),
        (("[email]", "[mail]"), "`mail` is none of email, sms, ads, webhook"),
        (("[email]", "[]"), "name each channel once, and at least one"),
        (("message: reminder", "message: remind"), "there is no template `templates/remind.email"),
        (
            ("per_key", "perkey"),
            "`perkey` is none of never, per_key, always; did you mean `per_key`?",
        ),
        (("key: customer.cart.id, ", ""), "`per_key` needs a `key`"),
        (("{event: Order Completed}", "{}"), "an exit has an `event`, a condition `when`, or both"),
        (("expires_after: 24h", "expires_after: 0s"), "a proposal must live longer than nothing"),
    ],
)
def test_a_mistake_is_said_with_its_place(change: tuple[str, str], message: str) -> None:
    assert change[0] in CART_ABANDONMENT
    assert message in "\n".join(problems(CART_ABANDONMENT.replace(*change)))


def test_a_mistake_in_a_condition_has_the_place_inside_the_condition() -> None:
    text = CART_ABANDONMENT.replace("customer.cart.items) > 0", "customer.carts.items) > 0")
    [problem] = problems(text)

    column = text.splitlines()[3].index("carts") + 1
    assert problem.startswith(f"journey.yaml:4:{column}: ")
    assert "`customer.cart`" in problem


def test_a_key_must_be_text_and_a_condition_must_be_true_or_false() -> None:
    assert (
        len(problems(CART_ABANDONMENT.replace("key: customer.cart.id", "key: customer.cart"))) == 1
    )
    assert len(problems(CART_ABANDONMENT.replace("items) > 0", "items)"))) == 1


def test_several_mistakes_are_said_together_in_the_order_of_the_file() -> None:
    text = CART_ABANDONMENT.replace("marketing", "spam").replace("[email]", "[mail]")

    assert [problem.split(":")[1] for problem in problems(text)] == ["1", "11"]


def test_a_playbook_needs_its_journey_and_a_template_for_each_channel() -> None:
    with pytest.raises(DocumentError, match="the playbook has no such file"):
        parse_playbook("x", "v1", {})
    assert "templates/reminder.email.<locale>.liquid" in problems(templates={})[0]


def test_triggers_and_exits_may_be_one_or_several() -> None:
    text = """\
purpose: transactional
trigger:
  - {event: Order Completed}
  - {event: [Order Refunded, Order Cancelled]}
entry: {again: {after: 30d}}
exit_when: {when: customer.orders.count > 5, reason: regular customer}
steps:
  - propose: {message: reminder, channels: email, expires_after: 1h}
"""
    journey = parse(text)

    assert len(journey.triggers) == 2
    assert journey.entry.again == timedelta(days=30)
    assert journey.exits[0].reason == "regular customer"


def test_a_key_asked_of_the_event_does_not_follow_the_customer() -> None:
    text = CART_ABANDONMENT.replace(
        "key: customer.cart.id", "key: string(event.properties.product_id)"
    )

    assert not parse(text).entry.follows_customer


@pytest.mark.parametrize("locale", ["de", "de-AT", "pt_BR", "es-419", "zh-Hant-TW"])
def test_a_template_counts_in_every_locale_that_the_dispatcher_reads(locale: str) -> None:
    journey = parse(templates={f"templates/reminder.email.{locale}.liquid": "Hi"})

    assert ("reminder", "email") in journey.messages
