"""Where a journey leads: steps to which nothing leads, circles without a rest, conditions that decide nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from common.conditions import Condition
from common.documents import Finding
from orchestrator.domain.journey import Journey
from orchestrator.domain.program import Placed
from orchestrator.domain.steps import Branch, Call, Exit, GoTo, Split, Voucher, Wait, WaitFor

_NOTHING = timedelta()


def unreachable(journey: Journey) -> Iterator[Finding]:
    """The first of each row of steps to which nothing leads."""
    steps = journey.steps
    reached = _reached(0, journey, lambda _: True)
    for place, placed in enumerate(steps):
        if place not in reached and (place - 1 in reached or _begins_a_way(place, steps)):
            yield placed.finding("nothing leads to this step")


def circles(journey: Journey) -> Iterator[Finding]:
    """Each `goto` from which one comes back to it without ever resting."""
    for place, placed in enumerate(journey.steps):
        if isinstance(placed.step, GoTo):
            target = journey.place_of(placed.step.to)
            if place in _reached(target, journey, lambda one: not _rests(one)):
                yield placed.finding(
                    f"a circle without a wait: put a `wait` between `{placed.step.to}` and here"
                )


def dead_conditions(journey: Journey) -> Iterator[Finding]:
    """Each way of a branch or a split that everybody takes, or nobody."""
    for placed in journey.steps:
        for way, holds in zip(placed.ways, _constants(placed), strict=False):
            if holds is not None:
                said = "is always true, whoever it is" if holds else "is never true"
                yield placed.finding(f"the condition of `{way}` {said}")
        if isinstance(placed.step, Split):
            for way, weight in zip(placed.ways, placed.step.weights, strict=True):
                if weight == 0:
                    yield placed.finding(f"nobody takes `{way}`: its weight is 0")


def _reached(begin: int, journey: Journey, through: Callable[[Placed], bool]) -> set[int]:
    """All places that are come to from there; one that is not gone through is reached all the same."""
    reached: set[int] = set()
    open_ = [begin]
    while open_:
        place = open_.pop()
        if place in reached or place >= len(journey.steps):
            continue
        reached.add(place)
        placed = journey.steps[place]
        if through(placed):
            open_ += successors(placed, journey)
    return reached


def successors(placed: Placed, journey: Journey) -> Sequence[int]:
    """The places to which a step may lead."""
    step = placed.step
    match step:
        case Exit():
            return ()
        case GoTo():
            return journey.place_of(step.to), placed.following
        case Split():
            return [b for b, weight in zip(placed.blocks, step.weights, strict=True) if weight]
        case Branch():
            return _taken(placed, step)
        case _:
            return placed.blocks or (placed.following,)


def _taken(placed: Placed, step: Branch) -> Sequence[int]:
    taken = []
    for block, condition in zip(placed.blocks, step.conditions, strict=False):
        holds = _constant(condition)
        if holds is not False:
            taken.append(block)
        if holds:
            return taken
    return [*taken, placed.blocks[-1]]


def _constants(placed: Placed) -> list[bool | None]:
    step = placed.step
    return [_constant(one) for one in step.conditions] if isinstance(step, Branch) else []


def _constant(condition: Condition) -> bool | None:
    """What a condition is that asks nothing."""
    # What a parameter decides is another in another workspace.
    return None if condition.reads.fields else condition({})


def _rests(placed: Placed) -> bool:
    step = placed.step
    if isinstance(step, Wait):
        # Until a date that is over nobody waits.
        return step.duration > _NOTHING if step.until is None else step.until.date is None
    if isinstance(step, WaitFor):
        # What is true already is not waited for.
        return bool(step.events) and step.within > _NOTHING
    return isinstance(step, Call | Voucher)


def _begins_a_way(place: int, steps: Sequence[Placed]) -> bool:
    return any(place in placed.blocks and place != placed.following for placed in steps)
