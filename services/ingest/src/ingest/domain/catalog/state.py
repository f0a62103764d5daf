"""The state of a product: what was said of it, field by field."""

from __future__ import annotations

from datetime import datetime

import msgspec

Value = str | int | float | bool


class Said(msgspec.Struct, frozen=True):
    """A value, and as of when it holds."""

    value: Value
    at: datetime

    def outweighs(self, other: Said | None) -> bool:
        """The newer one counts; of two at the same instant always the same, whichever came first."""
        if other is None or self.at != other.at:
            return other is None or self.at > other.at
        return repr(self.value) > repr(other.value)


class Product(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said of one product, field by field: who tells a price takes no name away."""

    version: int = 0
    said: dict[str, Said] = {}
