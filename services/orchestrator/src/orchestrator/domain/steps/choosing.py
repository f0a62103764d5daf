"""Steps that choose a way: by a condition, or by chance that stays the same for a customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from common.conditions import Condition
from common.documents import Value
from common.ids import derive
from orchestrator.domain.steps.reading import Reading
from orchestrator.domain.steps.step import Go, Move, Passing, Visit

MAX_WAYS: Final = 20
_OTHERWISE: Final = "otherwise"


@dataclass(frozen=True, slots=True)
class Branch(Passing):
    """The first way whose condition holds; where none does, the one that is for all others."""

    KIND: ClassVar[str] = "branch"

    conditions: tuple[Condition, ...]

    @classmethod
    def read(cls, value: Value, reading: Reading) -> Self:
        ways = _ways(value, value.items())
        conditions: list[Condition] = []
        for number, way in enumerate(ways):
            fields = way.fields(optional=["when", "steps", _OTHERWISE])
            if _OTHERWISE in fields:
                if number + 1 < len(ways) or len(list(fields)) > 1:
                    way.fail("`otherwise` is the last way and holds its steps itself")
                reading.block(_OTHERWISE, fields[_OTHERWISE])
                return cls(tuple(conditions))
            if "when" not in fields or "steps" not in fields:
                way.fail("a way has `when` and `steps`, the last one may be `otherwise`")
            conditions.append(reading.condition(fields["when"]))
            reading.block(f"way{number}", fields["steps"])
        reading.block(_OTHERWISE, None)
        return cls(tuple(conditions))

    def arrive(self, visit: Visit) -> Move:
        holding = (n for n, condition in enumerate(self.conditions) if condition(visit.roots))
        return Go(next(holding, len(self.conditions)))


@dataclass(frozen=True, slots=True)
class Split(Passing):
    """One of several ways by chance: drawn from the customer and the split's id, so it never changes for anybody."""

    KIND: ClassVar[str] = "split"

    id: str
    weights: tuple[int, ...]

    @classmethod
    def read(cls, value: Value, reading: Reading) -> Self:
        weights = []
        for arm in _ways(value, list(value.entries().values())):
            fields = arm.fields(required=["weight"], optional=["steps"])
            weight = fields["weight"].integer()
            if weight < 0:
                fields["weight"].fail("a weight is 0 or more")
            weights.append(weight)
        if not any(weights):
            value.fail("all weights are 0")
        for name, arm in value.entries().items():
            reading.block(name, arm.fields(required=["weight"], optional=["steps"]).get("steps"))
        return cls(reading.id, tuple(weights))

    def arrive(self, visit: Visit) -> Move:
        enrollment = visit.enrollment
        drawn = derive("split", visit.occasion.profile_id, enrollment.playbook, self.id)
        place = drawn.int * sum(self.weights) >> 128
        for arm, weight in enumerate(self.weights):
            if place < weight:
                return Go(arm)
            place -= weight
        raise AssertionError("the place is below the sum of the weights")


def _ways(value: Value, ways: list[Value]) -> list[Value]:
    if not ways or len(ways) > MAX_WAYS:
        value.fail(f"between 1 and {MAX_WAYS} ways, please")
    return ways
