"""The demo's judge: what counts as kept, what as broken, and what as neither."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid5

import pytest

from common.contracts.decisions import DecisionMade
from common.contracts.deliveries import DeliverySent, DeliveryUnknown
from common.ids import derive
from cuestream.demo.judging import Summary, carts_of, judge, percentile, settled
from cuestream.demo.observed import Mail, Observed, Told

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SILENCE = timedelta(seconds=10)
ANNA, ADDRESS = "demo-1", "demo-1@example.com"
PROFILE, ENROLLMENT = derive("p"), derive("e")
DECISION, DELIVERY = derive("d"), derive("x")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def told(name: str, seconds: float, **more: Any) -> Told:
    happened = more.pop("happened", seconds)
    return Told(ANNA, name, at(happened), at(seconds), f"{name}-{seconds}", **more)


def added(seconds: float, product: str = "lamp", **more: Any) -> Told:
    return told("Product Added", seconds, properties={"product_id": product}, **more)


def agreed(seconds: float = 0) -> Told:
    return told("identify", seconds, consents={"email.marketing": True})


def mail(seconds: float, number: int = 1) -> Mail:
    return Mail(ADDRESS, f"{uuid5(DELIVERY, str(number))}@shop", at(seconds), "Your cart")


def seen(*events: Told, mails: tuple[Mail, ...] = ()) -> Observed:
    observed = Observed()
    for event in events:
        observed.tell(event)
    observed.mails = {str(number): each for number, each in enumerate(mails)}
    return observed


def verdict(observed: Observed) -> Summary:
    return judge(observed, SILENCE, {ANNA: ADDRESS})


def test_an_abandoned_cart_with_its_reminder_is_a_promise_kept() -> None:
    summary = verdict(seen(agreed(), added(1), mails=(mail(11.5),)))

    assert (summary.abandoned, summary.reminders, summary.missing) == (1, 1, 0)
    assert summary.latency_ms.p50 == 500
    assert summary.promises_held


def test_an_abandoned_cart_without_a_mail_is_missing() -> None:
    summary = verdict(seen(agreed(), added(1)))

    assert (summary.abandoned, summary.missing) == (1, 1)
    assert not summary.promises_held


def test_an_order_in_time_makes_every_mail_wrong() -> None:
    events = (agreed(), added(1), told("Order Completed", 10.9))

    assert verdict(seen(*events)).abandoned == 0
    assert verdict(seen(*events, mails=(mail(11.5),))).wrong_mails == 1


def test_an_order_that_the_log_holds_before_its_cart_ends_it_all_the_same() -> None:
    events = (agreed(), told("Order Completed", 20, happened=5), added(21, happened=1))

    assert verdict(seen(*events)).abandoned == 0


def test_an_order_in_the_instant_between_due_and_decided_counts_as_neither() -> None:
    events = (agreed(), added(1), told("Order Completed", 11.2))

    without, with_mail = verdict(seen(*events)), verdict(seen(*events, mails=(mail(11.5),)))
    assert (without.abandoned, without.missing, without.ordered_at_due) == (0, 0, 1)
    assert (with_mail.abandoned, with_mail.reminders) == (1, 1)
    assert without.promises_held
    assert with_mail.promises_held


def test_a_second_mail_for_one_cart_is_doubled() -> None:
    assert verdict(seen(agreed(), added(1), mails=(mail(11.5), mail(12, 2)))).doubled == 1


def test_a_mail_without_consent_is_wrong() -> None:
    assert verdict(seen(added(1), mails=(mail(11.5),))).wrong_mails == 1


def test_a_mail_to_a_stranger_is_wrong() -> None:
    stranger = Mail("somebody@example.com", "x@shop", at(3), "Your cart")

    assert verdict(seen(mails=(stranger,))).wrong_mails == 1


def test_a_cart_after_a_no_is_not_to_be_reminded_of() -> None:
    observed = seen(agreed(), added(1), mails=(mail(11.5),))
    observed.refused[ANNA] = at(13)
    observed.tell(told("Order Completed", 14))
    observed.tell(added(15))

    assert verdict(observed).promises_held
    observed.mails["late"] = mail(25.5, 2)
    assert verdict(observed).wrong_mails + verdict(observed).doubled == 1


def test_a_claim_long_after_a_no_is_counted() -> None:
    observed = seen(agreed(), added(1), mails=(mail(11.5),))
    observed.people[PROFILE] = ANNA
    observed.refused[ANNA] = at(10.2)
    observed.status(DeliverySent.TYPE, PROFILE, status(DeliverySent, claimed=11.3))

    assert verdict(observed).sent_after_no == 1


def test_an_unknown_delivery_stands_for_its_reminder() -> None:
    observed = seen(agreed(), added(1))
    observed.people[PROFILE] = ANNA
    observed.status(DeliveryUnknown.TYPE, PROFILE, status(DeliveryUnknown, claimed=11.3))

    summary = verdict(observed)
    assert (summary.abandoned, summary.unknown, summary.missing) == (1, 1, 0)
    assert summary.promises_held


def test_each_operation_puts_off_what_is_due_and_a_removed_product_ends_the_cart() -> None:
    events = (
        added(1),
        added(8, "kettle"),
        told("Product Removed", 9, properties={"product_id": "lamp"}),
    )
    gone = told("Product Removed", 12, properties={"product_id": "kettle"})

    [resting] = carts_of(ANNA, events, SILENCE, None)
    [ended] = carts_of(ANNA, (*events, gone), SILENCE, None)
    assert (resting.due_at, resting.rested) == (at(19), True)
    assert (ended.ended_at, ended.rested) == (at(12), False)


def test_a_decision_that_changes_its_mind_is_a_broken_promise() -> None:
    observed = seen()
    observed.triggers[ENROLLMENT] = PROFILE
    for outcome in ("chosen", "cancelled"):
        observed.decide(decision(outcome))

    assert verdict(observed).doubled == 1


def test_all_is_settled_when_every_chosen_decision_has_its_delivery() -> None:
    observed = seen()
    observed.triggers[ENROLLMENT] = PROFILE
    assert not settled(observed)
    observed.decide(decision("chosen"))
    assert not settled(observed)
    observed.status(DeliverySent.TYPE, PROFILE, status(DeliverySent, claimed=11))
    assert settled(observed)


@pytest.mark.parametrize(("percent", "value"), [(50, 2), (99, 4), (0, 1)])
def test_percentiles_are_by_nearest_rank(percent: float, value: int) -> None:
    assert percentile([4, 1, 3, 2], percent) == value
    assert percentile([], percent) is None


def status(kind: Any, claimed: float) -> Any:
    return kind(
        delivery_id=DELIVERY,
        decision_id=DECISION,
        enrollment_id=ENROLLMENT,
        playbook="p",
        version="v",
        message="reminder",
        channel="email",
        purpose="marketing",
        at=at(claimed),
        claimed_at=at(claimed),
    )


def decision(outcome: Any) -> DecisionMade:
    return DecisionMade(
        decision_id=DECISION,
        trigger_id=derive("t"),
        enrollment_id=ENROLLMENT,
        playbook="p",
        version="v",
        outcome=outcome,
        reason="",
    )
