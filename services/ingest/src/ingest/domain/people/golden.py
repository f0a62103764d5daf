"""The golden record: one value per trait, the latest one that was said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

Trait = Literal["email", "phone", "first_name", "last_name", "locale", "time_zone", "country"]


class Held(msgspec.Struct, frozen=True):
    """A trait's value and when it was said; None: it was taken back."""

    value: str | None
    at: datetime


def merge(
    record: dict[str, Held], traits: Mapping[Trait, str | None], at: datetime
) -> dict[str, Held]:
    """The record after these traits were said at that instant; what was said later stays.

    At the same instant the greater value stays, so that the order of arrival does not matter.
    """
    newer: dict[str, Held] = {
        name: Held(value, at)
        for name, value in traits.items()
        if (held := record.get(name)) is None or _order(held) < (at, value or "")
    }
    return {**record, **newer} if newer else record


def united(ours: dict[str, Held], theirs: dict[str, Held]) -> dict[str, Held]:
    """The record of two profiles that are one: of each trait what was said last."""
    newer = {
        name: held
        for name, held in theirs.items()
        if name not in ours or _order(ours[name]) < _order(held)
    }
    return {**ours, **newer} if newer else ours


def _order(held: Held) -> tuple[datetime, str]:
    return held.at, held.value or ""
