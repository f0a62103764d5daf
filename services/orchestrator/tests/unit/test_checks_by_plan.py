"""Before a playbook is published, its conditions are held against the workspace's tracking plan."""

from __future__ import annotations

from pathlib import Path

from common.configuration import Content, content_of
from orchestrator.api.publication.checks import check
from services.orchestrator.tests.unit.test_playbook_conditions import PLAYBOOK

ROOT = Path(__file__).parents[4]
PLAN = """\
events:
  Order Completed:
    schema:
      properties: {wrapping: {type: boolean}}
      required: [wrapping]
"""


def found(when: str, *plans: Content) -> list[str]:
    settings = (ROOT / "workspaces/default.yaml").read_text()
    journey = PLAYBOOK.replace("WHEN", when)
    templates = {f"templates/thanks.email.{locale}.liquid": "" for locale in ("de", "en")}
    contents = [
        content_of("workspace", "default", {"workspace.yaml": settings}),
        content_of("playbook", "thanks", {"journey.yaml": journey, **templates}),
        *plans,
    ]
    return [
        problem.message
        for problem in check("default", contents)
        if "known field" in problem.message
    ]


def test_a_property_of_the_plan_is_known() -> None:
    assert (
        found(
            "event.properties.wrapping", content_of("tracking_plan", "default", {"plan.yaml": PLAN})
        )
        == []
    )
    assert found("event.properties.wrapping")[0].startswith("`wrapping` is not a known field")


def test_a_plan_that_cannot_be_read_says_nothing_of_properties() -> None:
    broken = content_of("tracking_plan", "default", {"plan.yaml": "events: ["})

    assert len(found("event.properties.wrapping", broken)) == 1
