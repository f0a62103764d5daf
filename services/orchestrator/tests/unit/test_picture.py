"""A journey's picture shows every step once, every way, and nothing over anything else."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.configuration import load_playbooks
from orchestrator.domain.journey import Journey
from orchestrator.domain.picture import Box, draw, laid_out
from orchestrator.domain.picture.layout import WIDTH
from orchestrator.domain.playbook import parse_playbook

SHIPPED = load_playbooks(Path(__file__).parents[4])
HEAD = "purpose: marketing\ntrigger: {event: Page Viewed}\nentry: {again: always}\nsteps: "


def journey(steps: str) -> Journey:
    return parse_playbook("p", "v1", {"journey.yaml": HEAD + steps})


def shipped(name: str) -> Journey:
    content, _ = SHIPPED[name]
    return parse_playbook(content.name, content.hash, content.files)


def apart(one: Box, other: Box) -> bool:
    beside = one.x + WIDTH < other.x or other.x + WIDTH < one.x
    return beside or one.bottom < other.y or other.bottom < one.y


def simple() -> st.SearchStrategy[str]:
    return st.sampled_from(
        [
            "{wait: {for: 1h}}",
            "{emit: {event: Seen}}",
            "{exit: {reason: enough}}",
            "{set: {a: '1'}}",
        ]
    )


def ways(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    block = st.lists(inner, min_size=1, max_size=3).map(lambda steps: f"[{', '.join(steps)}]")
    return st.one_of(
        st.builds("{{wait_for: {{event: A, within: 1h, then: {}}}}}".format, block),
        st.builds("{{wait_for: {{event: A, within: 1h, then: {}, otherwise: {}}}}}".format, block, block),
        st.builds("{{branch: [{{when: customer.lead_score > 1, steps: {}}}, {{otherwise: {}}}]}}".format, block, block),
    )  # fmt: skip


STEPS = st.lists(st.recursive(simple(), ways, max_leaves=8), min_size=1, max_size=4)


@given(STEPS)
def test_every_box_stands_alone_and_every_step_has_one(steps: list[str]) -> None:
    one = journey(f"[{', '.join(steps)}]")
    drawn = laid_out(one)

    assert sorted(b.place for b in drawn.boxes if b.place is not None) == list(
        range(len(one.steps))
    )
    assert all(apart(a, b) for a, b in combinations(drawn.boxes, 2))
    assert all(box.x >= 0 and box.x + WIDTH <= drawn.width for box in drawn.boxes)
    assert all(box.bottom <= drawn.height for box in drawn.boxes)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_playbook_is_drawn_with_all_its_ways(name: str) -> None:
    one = shipped(name)
    picture = ElementTree.fromstring(draw(one))  # noqa: S314 - our own
    texts = [text for node in picture.iter() for text in [node.text] if text]

    assert len([node for node in picture.iter() if node.get("data-place")]) == len(one.steps)
    for placed in one.steps:
        if placed.step.KIND == "wait_for":
            assert {"then", "otherwise"} <= set(texts)
    assert all(len(text) < 200 for text in texts if not text.startswith("\n"))


def test_who_waits_where_stands_beside_the_step() -> None:
    picture = draw(shipped("cart_abandonment"), {0: 1234})

    assert ">1,234</text>" in picture


def test_a_way_back_is_drawn() -> None:
    one = journey(
        "[{id: ask, wait: {for: 1h}}, {emit: {event: Seen}}, {goto: {step: ask, at_most: 2}}]"
    )

    assert [line.back for line in laid_out(one).lines].count(True) == 1


def test_what_somebody_writes_cannot_break_the_picture() -> None:
    one = journey(
        "[{branch: [{when: \"customer.lead_grade == '<b>&'\", steps: [{exit: {reason: '</svg>'}}]}]}]"
    )

    ElementTree.fromstring(draw(one))  # noqa: S314 - our own
