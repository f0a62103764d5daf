"""A lead model is valid by construction, and what is wrong with one is said by line."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.documents import DocumentError
from scoring.domain.lead_model import DEFAULT_LEAD_MODEL, delivery_kind, parse_lead_model

GOOD = """\
half_life: 7d
points:
  Product Viewed: 2
  Product Added: 7.5
deliveries: {clicked: 15}
grades: {A: 75, B: 50, C: 0}
thresholds: {sales_qualified: 50, hot: 80}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        parse_lead_model({"model.yaml": text}, "v1")
    return [finding.text for finding in caught.value.findings]


def test_a_model_is_read() -> None:
    model = parse_lead_model({"model.yaml": GOOD}, "v1")

    assert model.half_life == timedelta(days=7)
    assert model.points == {
        "Product Viewed": 2.0,
        "Product Added": 7.5,
        delivery_kind("clicked"): 15.0,
    }
    assert [model.grade(score) for score in (100, 75, 74, 50, 49, 0)] == list("AABBCC")
    assert model.thresholds == (("sales_qualified", 50), ("hot", 80))
    assert [model.level(score) for score in (100, 79, 60, 49)] == [80, 75, 50, 0]
    assert model.version == "v1"


def test_every_section_is_checked_in_one_pass() -> None:
    text = GOOD.replace("7d", "1s").replace("Viewed: 2", "Viewed: -2").replace("C: 0", "C: 10")

    assert problems(text) == [
        "model.yaml:1:12: a half-life lies between 1m and 365d",
        "model.yaml:3:19: points lie between 0 and 1000, not -2",
        "model.yaml:6:9: one grade must begin at 0, so that every score has one",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("half_life:", "halflife:"), "unknown key `halflife`; did you mean `half_life`?"),
        (("clicked", "clickt"), "unknown key `clickt`; did you mean `clicked`?"),
        (("hot: 80", "hot: 0"), "`hot` lies between 1 and 100, not 0"),
        (("B: 50", "B: 75"), "two grades begin at the same score"),
        (("7.5", "many"), "`many` is not a number"),
    ],
)
def test_a_mistake_is_said_in_a_sentence(change: tuple[str, str], message: str) -> None:
    assert message in problems(GOOD.replace(*change))[0]


def test_a_release_without_the_file_is_refused() -> None:
    with pytest.raises(DocumentError, match="the file is empty"):
        parse_lead_model({}, "v1")


def test_the_default_model_is_as_strict_as_a_published_one() -> None:
    assert min(DEFAULT_LEAD_MODEL.points.values()) > 0
    assert DEFAULT_LEAD_MODEL.grade(0) == "D"
    assert DEFAULT_LEAD_MODEL.level(50) == 50
