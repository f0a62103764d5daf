"""A trigger that sees a condition come true, however the customer came there: a threshold that is jumped over counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from common.conditions import Condition
from common.documents import Value, scalar
from orchestrator.domain.occasion import Occasion
from orchestrator.domain.steps import Reading
from orchestrator.domain.watching import Path

SCORES: Final = {"lead": "customer.lead_score"}
"""The scores by their names in playbooks."""


@dataclass(frozen=True, slots=True)
class Becoming:
    """A condition on the customer that does not hold before the occasion and holds after it."""

    events: ClassVar[None] = None

    condition: Condition

    @classmethod
    def read(cls, value: Value, reading: Reading) -> Self:
        fields = value.fields(required=["becomes"])
        return cls(_condition(fields["becomes"], reading))

    @classmethod
    def read_entered(cls, value: Value, reading: Reading) -> Self:
        fields = value.fields(required=["enters"])
        said = scalar(value.file, reading.segment(fields["enters"]))
        return cls(_condition(said, reading))

    @classmethod
    def read_left(cls, value: Value, reading: Reading) -> Self:
        fields = value.fields(required=["leaves"])
        said = scalar(value.file, f"!({reading.segment(fields['leaves'])})")
        return cls(_condition(said, reading))

    @classmethod
    def read_score(cls, value: Value, reading: Reading) -> Self:
        fields = value.fields(required=["score"], optional=["reaches", "falls_below"])
        score = SCORES[fields["score"].one_of(list(SCORES))]
        reaches, falls_below = fields.get("reaches"), fields.get("falls_below")
        threshold = reaches or falls_below
        if threshold is None or (reaches is not None and falls_below is not None):
            value.fail("say either what the score `reaches` or what it `falls_below`")
        operator = "<" if reaches is None else ">="
        said = scalar(value.file, f"{score} {operator} {reading.number(threshold)}")
        return cls(_condition(said, reading))

    @property
    def reads(self) -> frozenset[Path]:
        return self.condition.reads.fields

    def matches(self, occasion: Occasion) -> bool:
        # Of two customers who turn out to be one, either may have been there before.
        roots = occasion.roots
        if not occasion.before or not self.condition(roots):
            return False
        return not any(
            self.condition({**roots, "customer": customer}) for customer in occasion.before
        )

    def in_time(self, occasion: Occasion) -> bool:  # noqa: ARG002 - the protocol's; what is true now is not late
        return True


def _condition(value: Value, reading: Reading) -> Condition:
    return reading.words.condition(value, reading.words.about_customer())
