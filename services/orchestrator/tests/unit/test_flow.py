"""What leads nowhere, goes in circles or decides nothing is found before a playbook is published."""

from __future__ import annotations

import pytest

from orchestrator.domain.checks import check_journey
from orchestrator.domain.playbook import parse_playbook
from services.orchestrator.tests.living import CART_ABANDONMENT, TEMPLATES
from services.orchestrator.tests.unit.test_ways import HEAD, say
from services.orchestrator.tests.unit.test_ways import TEMPLATES as MESSAGES


def found(*steps: str) -> list[str]:
    text = HEAD + "".join(f"  - {step}\n" for step in steps)
    journey = parse_playbook("flow", "v1", {"journey.yaml": text, **MESSAGES})
    return [f.finding.text for f in check_journey(journey) if f.severity == "error"]


SAY = say("all")
WAIT = "{wait: {for: 1h}}"
EXIT = "{exit: {reason: enough}}"
DATE = "{wait: {until: {date: customer.last_seen}}}"
NIGHT = "{wait: {until: {time: '22:00'}}}"


@pytest.mark.parametrize(
    ("steps", "findings"),
    [
        ([EXIT, SAY, WAIT], ["6:5: nothing leads to this step"]),
        (
            [
                "branch: [{when: 'customer.lead_score > 1', steps: ["
                + EXIT
                + "]}, {otherwise: ["
                + EXIT
                + "]}]",
                SAY,
            ],
            ["6:5: nothing leads to this step"],
        ),
        (
            ["branch: [{when: 'false', steps: [" + SAY + "]}]"],
            ["5:38: nothing leads to this step", "5:5: the condition of `way0` is never true"],
        ),
        (
            ["branch: [{when: '1 < 2', steps: [" + SAY + "]}, {otherwise: [" + WAIT + "]}]"],
            [
                "5:119: nothing leads to this step",
                "5:5: the condition of `way0` is always true, whoever it is",
            ],
        ),
        (
            ["split: {a: {weight: 0, steps: [" + SAY + "]}, b: {weight: 1}}"],
            ["5:36: nothing leads to this step", "5:5: nobody takes `a`: its weight is 0"],
        ),
        (
            ["{id: again, " + SAY[1:], "{goto: {step: again, at_most: 3}}"],
            ["6:5: a circle without a wait: put a `wait` between `again` and here"],
        ),
        (
            ["{id: again, " + SAY[1:], DATE, "{goto: {step: again, at_most: 3}}"],
            ["7:5: a circle without a wait: put a `wait` between `again` and here"],
        ),
        (
            [
                "{id: again, " + SAY[1:],
                "branch: [{when: 'customer.lead_score > 1', steps: [" + WAIT + "]}]",
                "{goto: {step: again, at_most: 3}}",
            ],
            ["7:5: a circle without a wait: put a `wait` between `again` and here"],
        ),
        ([EXIT, "{goto: {step: '0', at_most: 1}}"], ["6:5: nothing leads to this step"]),
    ],
)
def test_what_is_wrong_with_the_flow_is_found(steps: list[str], findings: list[str]) -> None:
    assert found(*steps) == [f"journey.yaml:{text}" for text in findings]


@pytest.mark.parametrize(
    "steps",
    [
        ["{id: again, " + SAY[1:], WAIT, "{goto: {step: again, at_most: 3}}", SAY],
        ["{id: again, " + SAY[1:], NIGHT, "{goto: {step: again, at_most: 3}}"],
        [
            "{id: again, wait_for: {event: x, within: 1h, then: [" + EXIT + "]}}",
            "{goto: {step: again, at_most: 3}}",
        ],
        ["branch: [{when: 'customer.lead_score > 1', steps: [" + EXIT + "]}]", SAY],
        ["split: {a: {weight: 1, steps: [" + SAY + "]}, b: {weight: 1}}", WAIT, SAY],
    ],
)
def test_what_is_right_raises_no_alarm(steps: list[str]) -> None:
    assert found(*steps) == []


def test_the_shipped_playbook_raises_no_alarm() -> None:
    journey = parse_playbook("c", "v1", {"journey.yaml": CART_ABANDONMENT, **TEMPLATES})

    assert list(check_journey(journey)) == []
