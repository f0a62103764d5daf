"""A trigger for what happens on the shelf: a product that somebody looked at costs less, or is there again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final, Self

from common.contracts.decisions import SHELF_NAMES, ShelfChange
from common.documents import Value
from orchestrator.domain.occasion import Occasion
from orchestrator.domain.steps import Reading
from orchestrator.domain.watching import Path

WITHIN: Final = timedelta(days=30)
"""How long ago the customer may have looked at it, unless the trigger says otherwise."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """One kind of change of a product that the customer looked at and has not bought."""

    reads: ClassVar[frozenset[Path]] = frozenset()

    change: ShelfChange
    within: timedelta = WITHIN
    least: float = 0.0
    """Per cent by which a price has to fall."""

    @classmethod
    def read_cheaper(cls, value: Value, reading: Reading) -> Self:
        fields = value.fields(required=["price_drop"], optional=["viewed_within"])
        least = reading.number(fields["price_drop"])
        if not 0 < least < 100:
            fields["price_drop"].fail("per cent that the price has to fall at least, more than 0")
        return cls("price_drop", _within(fields.get("viewed_within"), reading), least)

    @classmethod
    def read_there(cls, value: Value, reading: Reading) -> Self:
        fields = value.fields(required=["back_in_stock"], optional=["viewed_within"])
        if not fields["back_in_stock"].boolean():
            fields["back_in_stock"].fail("say `true`, or leave the trigger out")
        return cls("back_in_stock", _within(fields.get("viewed_within"), reading))

    @property
    def events(self) -> frozenset[str]:
        return frozenset({SHELF_NAMES[self.change]})

    def matches(self, occasion: Occasion) -> bool:
        shelf = occasion.shelf
        if shelf is None or shelf.change != self.change or shelf.viewed_at is None:
            return False
        if shelf.viewed_at + self.within <= occasion.now:
            return False
        return shelf.fell_by >= self.least

    def in_time(self, occasion: Occasion) -> bool:  # noqa: ARG002 - the protocol's; it is told as it happens
        return True


def _within(value: Value | None, reading: Reading) -> timedelta:
    if value is None:
        return WITHIN
    found = reading.duration(value)
    if found <= timedelta():
        value.fail("longer than nothing, please")
    return found
