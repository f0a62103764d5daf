"""The words in which a vendor's module says what its payloads mean: fields, who it is about, and what is said of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from ingest.domain.currencies import places_of
from ingest.domain.identifiers import text_of

Values = Mapping[str, Any]
Field = str | Callable[[Values], object]
"""A path such as `customer.email` or `lines.0.sku`, or a function of the payload."""

_MOST = 200
"""Entries of a list."""


def look(values: Values, field: Field) -> object:
    """What the payload has there; None where it has nothing."""
    if not isinstance(field, str):
        return field(values)
    found: object = values
    for part in field.split("."):
        if isinstance(found, dict):
            found = found.get(part)
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def fill(values: Values, fields: Mapping[str, Field]) -> dict[str, Any]:
    """Each field that the payload has something for: what a vendor leaves out takes nothing back."""
    found = ((name, look(values, field)) for name, field in fields.items())
    return {name: value for name, value in found if value not in (None, "", [])}


def either(*fields: Field) -> Field:
    """The first of them that the payload has."""
    return lambda values: next(
        (found for field in fields if (found := look(values, field)) not in (None, "")), None
    )


def always(value: object) -> Field:
    """The same, whatever the payload says."""
    return lambda _: value


def chosen(
    field: Field, choices: Mapping[str, object], otherwise: object = None
) -> Callable[[Values], object]:
    """What one of our words stands for the vendor's."""
    return lambda values: choices.get(str(look(values, field)).lower(), otherwise)


def each(field: Field, fields: Mapping[str, Field]) -> Field:
    """A list of objects, each in our words."""

    def items(values: Values) -> list[dict[str, Any]]:
        found = look(values, field)
        if not isinstance(found, list):
            return []
        return [fill(item, fields) for item in found[:_MOST] if isinstance(item, dict)]

    return items


def total(field: Field, part: Field) -> Field:
    """The sum over a list; None where nothing in it is a number."""

    def added(values: Values) -> float | None:
        found = look(values, field)
        items = found[:_MOST] if isinstance(found, list) else []
        numbers = [_number(look(item, part)) for item in items if isinstance(item, dict)]
        known = [number for number in numbers if number is not None]
        return float(sum(known)) if known else None

    return added


def of_minor(field: Field, currency: Field) -> Field:
    """An amount in cents (or in what its currency has instead) as an amount."""

    def amount(values: Values) -> float | None:
        number = _number(look(values, field))
        if number is None:
            return None
        return float(number.scaleb(-places_of(str(look(values, currency)))))

    return amount


def of_guest(field: Field) -> Field:
    """An id for somebody without an account: the same for the same address, and not the address."""

    def known_by(values: Values) -> str | None:
        address = look(values, field)
        if not isinstance(address, str) or "@" not in address:
            return None
        digest = hashlib.sha256(address.strip().lower().encode()).hexdigest()
        return f"email:{digest[:32]}"

    return known_by


def named(kind: str, field: Field) -> Field:
    """The id of a thing (`cart`, `order`, `deal`), told apart from those of people."""

    def known_as(values: Values) -> str | None:
        found = text_of(look(values, field))
        return None if found is None else f"{kind}:{found}"

    return known_as


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value)[:40])
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() < 30 else None


def _never(_: Values) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Who:
    """By which ids the payload knows the person."""

    user: Field = _never
    """The vendor's id of the person."""
    anonymous: Field = _never
    """What the person had before anybody knew who it was: a cart."""
    former: Field = _never
    """What is this person's alone: an order. Linked whatever it was taken for before."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a payload says: what somebody did (`track`), or who somebody is (`identify`)."""

    kind: Literal["track", "identify"]
    fields: Mapping[str, Field]
    """The properties of what was done; the traits of who it is."""
    event: Field = _never
    """track: its name."""
    at: Field = _never
    """When it happened; unknown is when it was received."""


def did(event: Field, at: Field, fields: Mapping[str, Field]) -> Said:
    """Somebody did something; a text is the event's name."""
    return Said("track", fields, always(event) if isinstance(event, str) else event, at)


def is_known(at: Field, fields: Mapping[str, Field]) -> Said:
    """Who somebody is. Said only where the payload has any of it."""
    return Said("identify", fields, at=at)


def stands(at: Field, **consents: Field) -> Said:
    """Whether somebody agreed, `email_marketing=…` giving true, false or nothing, dated by when *that* was said.

    It is dated apart from what it comes with: a shop repeats an old yes with every change of an address, and that
    must not outweigh a no that we heard since.
    """
    by_key = {name.replace("_", "."): field for name, field in consents.items()}
    return Said("identify", {"consents": lambda values: fill(values, by_key)}, at=at)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a topic's payloads say, and of whom."""

    who: Who | None
    """None: of nobody, but of a product."""
    said: tuple[Said, ...]
    """At most one of them is something that was done."""


def about(who: Who | None, *said: Said) -> Meaning:
    """Put together."""
    return Meaning(who, said)
