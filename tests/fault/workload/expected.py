"""The known outcome: what one sequential reading of each person's doings comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fault.workload.messages import EVENTS, PAGE, states_consent
from tests.fault.workload.script import PRODUCTS, Person, Plan, Step


@dataclass(slots=True)
class Outcome:
    """What is true of one person at the end."""

    counts: Counter[str] = field(default_factory=Counter)
    """How often each activity happened."""
    orders: int = 0
    revenue: int = 0
    """In cents."""
    cart: Counter[str] = field(default_factory=Counter)
    """Product → quantity."""
    consents: bool | None = None
    """To marketing by e-mail; None: nothing was said."""


def outcome_of(
    person: Person, steps: list[Step], counted: Callable[[int], bool], *, clicked: bool
) -> Outcome:
    """Read the person's steps in order; those not counted never arrived. `clicked`: the unsubscribe link was used."""
    outcome = Outcome()
    for step in steps:
        if step.again or not counted(step.number):
            continue
        _tell(outcome, step, person)
    if clicked:
        outcome.consents = False
    return outcome


def steps_by_person(plan: Plan) -> dict[int, list[Step]]:
    """Each person's steps, in order."""
    found: dict[int, list[Step]] = {person.number: [] for person in plan.people}
    for step in plan.steps:
        found[step.person].append(step)
    return found


def _tell(outcome: Outcome, step: Step, person: Person) -> None:
    if step.verb == "identify":
        if states_consent(step, person):
            outcome.consents = person.consents
        return
    outcome.counts[PAGE if step.verb == "page" else EVENTS[step.verb]] += 1
    name, price = PRODUCTS[step.product]
    match step.verb:
        case "added":
            outcome.cart[name] += 1
        case "removed":
            outcome.cart[name] -= 1
            outcome.cart += Counter()
        case "ordered":
            outcome.orders += 1
            outcome.revenue += price * 100
            outcome.cart.clear()
        case "withdrew":
            outcome.consents = False
        case _:
            pass
