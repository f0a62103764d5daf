"""What a foreign producer writes straight to Kafka is held against the tracking plan by resolve."""

from __future__ import annotations

from typing import Any

import pytest

from common.consuming import Folded
from common.contracts.ingestion import EDGE, EventAccepted
from common.contracts.profiles import ActivityRecorded
from common.errors import PermanentError
from ingest.consumer import handlers
from ingest.domain.catalog.state import Product
from ingest.domain.people import People
from ingest.domain.tracking import Verdict
from services.ingest.tests.edge import configuration
from services.ingest.tests.making import NOW, accepted

PLAN = """
unknown_events: {unknown}
violations: {violations}
events:
  Fitting Booked: {{schema: {{required: [branch], properties: {{branch: {{type: string}}}}}}}}
"""


class Resolve:
    """The folds of resolve under a plan, and the violations that it was told of."""

    def __init__(self, violations: str = "quarantine", unknown: str = "accept") -> None:
        self.violations: list[tuple[str, str, str, str | None]] = []
        plan = PLAN.format(violations=violations, unknown=unknown)
        self.handlers = handlers(configuration(plan=plan), self._count)

    def _count(self, workspace: str, source: str, verdict: Verdict) -> None:
        self.violations.append((workspace, source, verdict.event, verdict.flaw))

    def folds(
        self, message: dict[str, Any], people: People | None = None, **more: Any
    ) -> Folded[People]:
        record = accepted(message, **more)
        fold = self.handlers.records[EventAccepted.TYPE]
        return fold(people, record, record.accepted_at)


def booked(**properties: object) -> dict[str, Any]:
    return {"type": "track", "userId": "u1", "event": "Fitting Booked", "properties": properties}


def test_a_strangers_violation_is_quarantined_where_the_plan_says_so() -> None:
    resolve = Resolve()
    with pytest.raises(PermanentError) as found:
        resolve.folds(booked(minutes=30))

    assert found.value.reason == "schema_violation"
    assert found.value.detail == "breaks required of the plan's schema: branch is missing"
    assert resolve.violations == [("demo", "shop", "Fitting Booked", "schema_violation")]


@pytest.mark.parametrize("treatment", ["accept", "flag"])
def test_a_strangers_violation_is_counted_and_taken_where_the_plan_says_so(treatment: str) -> None:
    resolve = Resolve(treatment)

    assert resolve.folds(booked()).consequences
    assert resolve.violations == [("demo", "shop", "Fitting Booked", "schema_violation")]


def test_what_nobody_planned_is_quarantined_where_the_plan_says_so() -> None:
    resolve = Resolve(unknown="quarantine")
    with pytest.raises(PermanentError, match="unknown_event"):
        resolve.folds({"type": "track", "userId": "u1", "event": "Lottery Won"})

    assert resolve.violations == [("demo", "shop", "(unknown)", "unknown_event")]


def test_a_product_of_a_stranger_is_held_against_it_too() -> None:
    resolve = Resolve(unknown="quarantine")
    message = {"type": "track", "event": "Product Updated", "properties": {"product_id": "p1"}}
    with pytest.raises(PermanentError, match="unknown_event"):
        resolve.folds(message, People("demo", products={"p1": Product()}))


def test_who_somebody_is_no_plan_says() -> None:
    resolve = Resolve(unknown="quarantine")
    resolve.folds({"type": "identify", "userId": "u1", "traits": {"email": "a@shop.example"}})

    assert resolve.violations == []


def test_of_a_stranger_what_the_plan_lists_travels_and_what_it_says_itself_does_not() -> None:
    folded = Resolve().folds(booked(branch="Hamburg", minutes=30), planned=("minutes",))
    (activity,) = (
        c.payload for c in folded.consequences if isinstance(c.payload, ActivityRecorded)
    )

    assert activity.properties == {"branch": "Hamburg"}


def test_what_our_edge_took_is_not_judged_again() -> None:
    resolve = Resolve()

    assert resolve.folds(booked(), source=EDGE).consequences
    assert resolve.violations == []


def test_a_repetition_is_counted_once() -> None:
    resolve = Resolve("flag")
    people = resolve.folds(booked()).state
    resolve.folds(booked(), people)

    assert len(resolve.violations) == 1


def test_sources_that_nobody_declared_are_counted_together() -> None:
    resolve = Resolve("flag")
    resolve.folds(booked(), sent_by="made up")

    assert resolve.violations == [("demo", "(unknown)", "Fitting Booked", "schema_violation")]


def test_without_a_plan_all_is_taken() -> None:
    record = accepted(booked())

    folded = handlers(configuration()).records[EventAccepted.TYPE](None, record, NOW)

    assert folded.consequences
