"""I2 of each person: the state of the one profile that they have is the known outcome of all that they did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from common.customer import Customer
from common.merging import Kept
from orchestrator.domain.state import ProfileState
from tests.fault.checker.outcome import Told
from tests.fault.checker.report import Report
from tests.fault.checker.states import ORCHESTRATOR
from tests.fault.history.model import History
from tests.fault.workload.expected import Outcome, outcome_of, steps_by_person
from tests.fault.workload.messages import CURRENCY
from tests.fault.workload.script import Person


def check_people(history: History, told: Told, report: Report) -> None:
    """People of whom something was never answered are left out: nobody knows how they should stand."""
    owners = {
        (row.kind, row.value): row.profile_id
        for row in history.rows("ingest.identities")
        if row.workspace == told.workspace
    }
    customers = _customers(history, report)
    steps = steps_by_person(told.plan)
    answers = told.answers
    for person in told.plan.people:
        mine = steps[person.number]
        if person.number in answers.clicking or not all(answers.is_certain(s.number) for s in mine):
            continue
        clicked = person.number in answers.noes
        wanted = outcome_of(person, mine, answers.is_accepted, clicked=clicked)
        _check(person, wanted, owners, customers, report)


def _customers(history: History, report: Report) -> dict[UUID, Customer]:
    found: dict[UUID, Customer] = {}
    for row in history.rows("orchestrator.profiles"):
        state = _state(ORCHESTRATOR.book._decoder.decode(row.state), row.profile_id, report)
        if state is not None:
            found[row.profile_id] = state.customer
    return found


def _state(kept: Any, profile_id: UUID, report: Report) -> ProfileState | None:
    """The service's own state; a profile that was merged away has none any more."""
    if not isinstance(kept, Kept):
        known: ProfileState = kept
        return known
    inner: ProfileState | None = kept.state
    if kept.merged_into is not None and inner is not None:
        report.find("I2", "a merged profile that kept its state", profile_id, also="doubled")
    return inner


def _check(
    person: Person,
    wanted: Outcome,
    owners: Mapping[tuple[str, str], UUID | None],
    customers: Mapping[UUID, Customer],
    report: Report,
) -> None:
    mine = {owners.get(("user", person.user)), owners.get(("anonymous", person.anonymous))}
    profiles = mine - {None}
    if not profiles and not wanted.counts and wanted.consents is None:
        return
    if len(profiles) != 1:
        report.find("I2", f"a person with {len(profiles)} profiles", person.user)
        return
    [profile] = profiles
    customer = customers.get(profile) if profile is not None else None
    if customer is None:
        report.find("I2", "a person without a state", person.user, also="lost")
        return
    found = _standing(customer)
    for name in ("counts", "orders", "revenue", "cart", "consents"):
        expected, actual = getattr(wanted, name), getattr(found, name)
        if expected != actual:
            report.find(
                "I2",
                f"{name} that are not the known outcome",
                f"{person.user}: {actual} for {expected}",
            )
            _count(expected, actual, report)


def _standing(customer: Customer) -> Outcome:
    return Outcome(
        counts=Counter(customer.counts),
        orders=customer.orders.count,
        revenue=customer.orders.revenue.get(CURRENCY, 0),
        cart=Counter({item.product_id: item.quantity for item in customer.cart.items}),
        consents=customer.consented.get("email.marketing"),
    )


def _count(expected: object, actual: object, report: Report) -> None:
    if isinstance(expected, Counter) and isinstance(actual, Counter):
        report.count("lost", (expected - actual).total())
        report.count("doubled", (actual - expected).total())
