"""What templates ask for besides the customer travels with the request; what is not there is said before publication."""

from __future__ import annotations

from typing import Any

import pytest

from common.contracts.actions import ActionRequested
from common.documents import DocumentError
from orchestrator.domain.playbook import parse_playbook
from services.orchestrator.tests.living import Life, configuration, playbook

JOURNEY = """\
purpose: transactional
parameters:
  points: {type: integer, default: 100}
  rest: {type: duration, default: 3d}
trigger: {event: Order Completed}
entry: {again: always}
steps:
  - set: {interest: "string(trigger.properties.affiliation)"}
  - propose: {message: thanks, channels: [email], expires_after: 24h}
  - wait: {for: $rest}
"""
FILE = "templates/thanks.email.de.liquid"
PROMISING = {"Order Completed": {"properties": {}, "required": ["order_id"]}}


def requested(body: str, **properties: Any) -> ActionRequested:
    life = Life(configuration(playbook("thanks", JOURNEY, {FILE: body})))
    life.does("Order Completed", **properties)
    [request] = [told for _, told in life.told if isinstance(told, ActionRequested)]
    return request


def test_only_what_a_template_asks_for_travels_with_the_request() -> None:
    request = requested(
        "{{ trigger.properties.order_id }} {{ parameters.points }} {{ vars.interest | default: '' }}",
        order_id="O-1",
        total=9.5,
        affiliation="web",
    )

    assert request.trigger is not None
    assert request.trigger.name == "Order Completed"
    assert request.trigger.properties == {"order_id": "O-1", "affiliation": "web"}
    assert request.parameters == {"points": 100}
    assert request.variables == {"interest": "web"}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("\n {{ vars.interst | default: '' }}", ":2:5: `vars.interst` is set by no step; did you mean `interest`?"),
        ("{{ parameters.point }}", ":1:4: `parameters.point` is no parameter of the playbook; did you mean `points`?"),
        ("{{ parameters.rest }}", ":1:4: `parameters.rest` is a duration, and no template prints one"),
        ("{% if trigger.properties.order_idd %}x{% endif %}", ":1:7: `trigger.properties.order_idd` is no property of the activities that begin a passage; did you mean `order_id`?"),
        ("{{ trigger.properties['coupon'] }}", ":1:4: `trigger.properties.coupon` may be missing; write `trigger.properties.coupon | default: '…'` or ask for it with `{% if trigger.properties.coupon %}`"),
        ("{{ vars.interest }}", ":1:4: `vars.interest` may be missing; write `vars.interest | default: '…'` or ask for it with `{% if vars.interest %}`"),
    ],
)  # fmt: skip
def test_a_template_that_names_what_may_not_be_there_is_refused(body: str, problem: str) -> None:
    files = {"journey.yaml": JOURNEY, FILE: f"{body}{{{{ parameters.points }}}}"}
    with pytest.raises(DocumentError) as caught:
        parse_playbook("thanks", "v1", files, plan=PROMISING)

    assert [finding.text for finding in caught.value.findings] == [FILE + problem]


@pytest.mark.parametrize(
    "body",
    [
        "{{ trigger.properties.order_id }}",
        "{{ trigger.properties.coupon | default: 'none' }}",
        "{% if vars.interest %}{{ vars.interest }}{% endif %}",
        "vars.nothing and {trigger.properties.nothing} are no Liquid",
    ],
)
def test_what_is_promised_or_asked_for_first_may_be_printed(body: str) -> None:
    files = {"journey.yaml": JOURNEY, FILE: body + "{{ parameters.points }}"}

    assert parse_playbook("thanks", "v1", files, plan=PROMISING).printed == {"points": 100}
