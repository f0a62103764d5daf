"""The folds of scoring through their table, as the runtime calls them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from common.configuration import Configuration, Release, content_of
from common.consuming import Folded, Handlers, Record, TimerDue
from common.contracts import Payload, encode_event
from common.contracts.deliveries import DeliveryClicked, DeliverySent
from common.contracts.profiles import ActivityRecorded, LeadScoreCrossed, LeadScored
from common.documents import DocumentError
from common.errors import PermanentError
from common.ids import derive
from scoring.consumer import ReleasedModels, check_lead_model, lead_handlers
from scoring.domain.lead_model import DEFAULT_LEAD_MODEL
from scoring.domain.lead_score import LeadStanding
from scoring.handlers import DECAY_TIMER

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANNA = derive("test", "anna")
MODEL = """\
half_life: 1d
points: {Document Downloaded: 30, "delivery: clicked": 50}
deliveries: {clicked: 20}
grades: {A: 50, B: 0}
thresholds: {hot: 50}
"""


def release(model: str) -> Release:
    return Release("shop", 1, (content_of("lead_model", "lead", {"model.yaml": model}),))


def configuration(model: str = MODEL) -> Configuration:
    return Configuration(releases={"shop": release(model), "bare": Release("bare", 1, ())})


def table(model: str = MODEL) -> Handlers[LeadStanding]:
    return lead_handlers(ReleasedModels(configuration(model)))


def activity(name: str, *, at: datetime = NOW) -> ActivityRecorded:
    return ActivityRecorded(
        event_id=ANNA,
        name=name,
        source="web",
        message_id="m",
        occurred_at=at,
        received_at=at,
        profile_version=1,
    )


def status(kind: type[Any]) -> Payload:
    payload: Payload = kind(
        delivery_id=ANNA,
        decision_id=ANNA,
        enrollment_id=ANNA,
        playbook="x",
        version="v",
        message="m",
        channel="email",
        purpose="marketing",
        at=NOW,
    )
    return payload


def fold(
    state: LeadStanding | None, payload: Payload, *, workspace: str = "shop", model: str = MODEL
) -> Folded[LeadStanding]:
    event = encode_event(
        payload,
        id=ANNA,
        source="/test",
        subject=str(ANNA),
        time=NOW,
        workspace=workspace,
        correlationid=ANNA,
    )
    record = Record(payload.TOPICS[0], 0, 1, NOW, NOW, event)
    return table(model).records[payload.TYPE](state, record, NOW)


def fire(state: LeadStanding | None, now: datetime) -> Folded[LeadStanding]:
    decay = table().timer
    assert decay is not None
    return decay(state, TimerDue(0, "shop", ANNA, DECAY_TIMER, now, ANNA), now)


def test_an_activity_is_scored_and_a_timer_is_set() -> None:
    folded = fold(
        fold(None, activity("Document Downloaded")).state, activity("Document Downloaded")
    )

    scored, crossed = (consequence.payload for consequence in folded.consequences)
    assert isinstance(scored, LeadScored)
    assert (scored.score, scored.previous_score, scored.grade) == (60, 30, "A")
    assert isinstance(crossed, LeadScoreCrossed)
    assert (crossed.name, crossed.direction) == ("hot", "up")
    assert {consequence.topic for consequence in folded.consequences} == {"profile.scores"}
    assert {consequence.subject for consequence in folded.consequences} == {str(ANNA)}
    due = folded.timers[DECAY_TIMER]
    assert due is not None
    assert NOW < due < NOW + timedelta(days=1)


def test_a_delivery_gives_points_by_its_status() -> None:
    folded = fold(fold(None, status(DeliverySent)).state, status(DeliveryClicked))

    [consequence] = folded.consequences
    assert isinstance(consequence.payload, LeadScored)
    assert consequence.payload.score == 20


def test_an_activity_cannot_pass_for_a_delivery() -> None:
    folded = fold(None, activity("delivery: clicked"))

    consequence, _ = folded.consequences
    assert isinstance(consequence.payload, LeadScored)
    assert consequence.payload.score == 50
    assert list(folded.state.tallies) == ["activity: delivery: clicked"]


def test_silence_is_told_by_the_timer() -> None:
    state = fold(None, activity("Document Downloaded")).state
    folded = fold(state, activity("Document Downloaded"))
    due = folded.timers[DECAY_TIMER]
    assert due is not None
    fallen = fire(folded.state, due)

    assert [type(consequence.payload) for consequence in fallen.consequences] == [
        LeadScored,
        LeadScoreCrossed,
    ]
    assert fallen.state.wakes_at is None


def test_a_timer_that_comes_early_sets_the_next_one() -> None:
    state = fold(None, activity("Document Downloaded")).state
    state = fold(state, activity("Document Downloaded")).state
    early = fire(state, NOW + timedelta(hours=1))

    assert early.consequences == []
    assert early.timers == {DECAY_TIMER: state.wakes_at}


def test_a_timer_of_a_forgotten_profile_does_nothing() -> None:
    assert fire(None, NOW).consequences == []


def test_a_workspace_without_a_model_has_the_default_one() -> None:
    folded = fold(None, activity("Document Downloaded"), workspace="bare")

    [consequence] = folded.consequences
    assert isinstance(consequence.payload, LeadScored)
    assert consequence.payload.model_version == DEFAULT_LEAD_MODEL.version


def test_a_release_with_a_wrong_model_is_refused() -> None:
    check_lead_model(release(MODEL))
    with pytest.raises(DocumentError, match="a half-life lies between"):
        check_lead_model(release(MODEL.replace("1d", "1ms")))


def test_a_payload_of_another_shape_is_poison() -> None:
    broken = Record(
        "profile.activity",
        0,
        1,
        NOW,
        NOW,
        encode_event(
            status(DeliverySent),
            id=UUID(int=1),
            source="/test",
            subject=str(ANNA),
            time=NOW,
            workspace="shop",
            correlationid=ANNA,
        ),
    )
    with pytest.raises(PermanentError, match="undecodable"):
        table().records[ActivityRecorded.TYPE](None, broken, NOW)
