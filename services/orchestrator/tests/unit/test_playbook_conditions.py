"""What the conditions of a playbook may name, and how their mistakes are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from common.customer import Customer
from common.documents import DocumentError
from orchestrator.domain.journey import Journey
from orchestrator.domain.playbook import parse_playbook
from orchestrator.domain.triggers import Happening

PLAYBOOK = """\
purpose: marketing
parameters:
  least: {type: integer, default: 50}
  rest: {type: duration, default: 2h}
  share: {type: number, default: 0.5}
  grade: {type: text, default: A}
  strict: {type: boolean, default: true}
trigger:
  event: Order Completed
  when: WHEN
entry: {again: always}
exit_when:
  when: |
    // whoever is no longer interested
    customer.lead_score < parameters.least
      && parameters.strict
      && customer.lead_grade == parameters.grade
      && parameters.share < 1.0
steps:
  - wait: {for: $rest}
  - propose: {message: thanks, channels: [email], expires_after: 24h}
"""
PLAN = {
    "Order Completed": {
        "properties": {"wrapping": {"type": "boolean"}, "total": {"type": "number"}},
        "required": ["total"],
    },
    "Refund Asked": {"properties": {"why": {"type": "string"}}},
}


def parse(when: str, plan: Mapping[str, Any] | None = None, **overrides: Any) -> Journey:
    text = PLAYBOOK.replace("WHEN", when)
    files = {"journey.yaml": text, "templates/thanks.email.en.liquid": ""}
    return parse_playbook("thanks", "v1", files, overrides, plan or {})


def problem(when: str, plan: Mapping[str, Any] | None = None) -> str:
    with pytest.raises(DocumentError) as caught:
        parse(when, plan)
    [finding] = caught.value.findings
    return finding.text


def test_parameters_are_compiled_into_conditions_with_their_values_in_force() -> None:
    cold = {"customer": Customer(lead_score=20, lead_grade="A")}

    [usual] = parse("true").exits
    [generous] = parse("true", least=10).exits

    assert usual.when is not None
    assert generous.when is not None
    assert usual.when(cold)
    assert not generous.when(cold)


def test_a_parameter_that_only_a_condition_reads_is_used() -> None:
    text = PLAYBOOK.replace("WHEN", "true").replace("parameters.least", "50")

    with pytest.raises(DocumentError, match="`least` is used by no step and no condition"):
        parse_playbook(
            "thanks", "v1", {"journey.yaml": text, "templates/thanks.email.en.liquid": ""}
        )


@pytest.mark.parametrize(
    ("when", "found"),
    [
        (
            "customer.lead_score > parameters.lest",
            "10:42: `lest` is not a known field of parameters; did you mean `parameters.least`?",
        ),
        (
            "customer.lead_score > parameters.rest",
            "10:29: int > duration is not defined",
        ),
        (
            "event.properties.total > 50",
            "10:26: `event.properties.total` may be missing; write `has(event.properties.total) && …`,"
            " or give a default: `has(event.properties.total) ? event.properties.total : …`",
        ),
        (
            ">-\n    has(event.properties.total) &&\n    event.properties.totl > 50",
            "12:22: `totl` is not a known field of properties; what is in no vocabulary is read as"
            " event.properties['totl']; did you mean `event.properties.total`?",
        ),
        (
            "'size(items) > 0'",
            "10:15: `items` is not a known name; did you mean `customer.cart.items`?",
        ),
    ],
)
def test_a_mistake_says_what_to_write_and_stands_where_it_is_in_the_file(
    when: str, found: str
) -> None:
    assert problem(when) == f"journey.yaml:{found}"


def test_a_tracking_plan_types_the_properties_of_the_events_it_lists() -> None:
    parse("event.properties.total > 50 && event.properties.wrapping == true", PLAN)

    assert "`why` is not a known field" in problem("event.properties.why == 'late'", PLAN)
    assert "can never be equal" in problem("event.properties.wrapping == 'x'", PLAN)


def test_what_was_published_runs_on_whatever_the_plan_says_today() -> None:
    text = PLAYBOOK.replace("WHEN", "event.properties.total > 50 && event.properties.why != null")
    files = {"journey.yaml": text, "templates/thanks.email.en.liquid": ""}

    [trigger] = parse_playbook("thanks", "v1", files).triggers
    assert isinstance(trigger, Happening)
    assert trigger.when is not None
