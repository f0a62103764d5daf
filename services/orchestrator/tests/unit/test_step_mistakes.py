"""What is wrong with a step is said in its place."""

from __future__ import annotations

import pytest

from services.orchestrator.tests.unit.test_ways import problems


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{goto: {step: nowhere, at_most: 1}}", "there is no step `nowhere`"),
        ("{goto: {step: '0', at_most: 0}}", "between 1 and 1000 times"),
        ("{wait: {for: 1h, until: {time: '09:00'}}}", "a wait has either `for` or `until`"),
        ("{wait: {until: {time: '9 o clock'}}}", "`9 o clock` is not a time of day"),
        ("{wait: {until: {weekdays: [mon]}}}", "say a `time` or a `date`"),
        ("{wait: {until: {date: 'customer.orders.count'}}}", "must be a timestamp"),
        ("{branch: [{otherwise: []}, {when: 'true', steps: []}]}", "`otherwise` is the last way"),
        ("{branch: [{when: 'true'}]}", "a way has `when` and `steps`"),
        ("{branch: [{when: 'customer.order', steps: []}]}", "did you mean `customer.orders`?"),
        ("{branch: [{when: 'event.name == \"x\"', steps: []}]}", "event"),
        ("{split: {a: {weight: 0}}}", "all weights are 0"),
        ("{split: {a: {weight: -1}}}", "a weight is 0 or more"),
        ("{set: {a: 'customer.cart'}}", "a variable is one of string, int, double, bool"),
        ("{set: {A: '1'}}", "`A` is not a name"),
        ("{exit: {}}", "`reason` is missing"),
        ("{sett: {a: '1'}}", "unknown key `sett`; did you mean `set`?"),
        ("{wait: {for: 1h}, exit: {reason: x}}", "a step is one of wait, wait_for"),
    ],
)
def test_what_is_wrong_with_a_step_is_said(step: str, message: str) -> None:
    found = problems(step)
    assert any(message in text for text in found), found
    assert all(text.startswith("journey.yaml:5:") for text in found), found


def test_a_variable_has_one_type_and_two_steps_have_two_names() -> None:
    assert "was a int before" in problems("{set: {a: '1'}}", "{set: {a: '\"x\"'}}")[0]
    assert (
        "there are two steps `a`" in problems("{id: a, set: {x: '1'}}", "{id: a, set: {y: '1'}}")[0]
    )
