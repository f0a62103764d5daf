"""What an identify call says about a person, in normal form."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ingest.domain.forms import (
    birthday_of,
    country_of,
    email_of,
    locale_of,
    name_of,
    phone_of,
    zone_of,
)
from ingest.domain.people.golden import Trait
from ingest.domain.segment.calls import Call


def traits_of(call: Call, region: str | None = None) -> dict[Trait, str | None]:
    """The traits that were said; None where one was taken back (`null`, or an empty text).

    What cannot be what it says to be (an address without `@`, a phone number without a country where the workspace names
    no region) is as if not said.
    """
    if call.kind != "identify":
        return {}
    found: dict[Trait, str | None] = {}
    for trait, (names, form) in _FORMS.items():
        for name in names:
            if name in call.traits:
                _put(found, trait, call.traits[name], form)
                break
    _add_address(found, call.traits.get("address"))
    _add_names(found, call.traits.get("name"))
    if "phone" in call.traits:
        _put(found, "phone", call.traits["phone"], _phone_in(found.get("country") or region))
    return found


def _phone_in(region: str | None) -> _Form:
    return lambda value: phone_of(value, region)


_Form = Callable[[object], str | None]
_FORMS: Mapping[Trait, tuple[tuple[str, ...], _Form]] = {
    "email": (("email",), email_of),
    "first_name": (("firstName", "first_name"), name_of),
    "last_name": (("lastName", "last_name"), name_of),
    "locale": (("locale", "language"), locale_of),
    "time_zone": (("timezone", "time_zone"), zone_of),
    "country": (("country",), country_of),
    "birthday": (("birthday",), birthday_of),
}


def _put(found: dict[Trait, str | None], trait: Trait, value: object, form: _Form) -> None:
    if value is None or value == "":
        found[trait] = None
        return
    normal = form(value)
    if normal is not None:
        found[trait] = normal


def _add_address(found: dict[Trait, str | None], address: object) -> None:
    if "country" not in found and isinstance(address, dict) and "country" in address:
        _put(found, "country", address["country"], country_of)


def _add_names(found: dict[Trait, str | None], name: object) -> None:
    """A full name fills in only where neither part was said."""
    if "first_name" in found or "last_name" in found:
        return
    first, _, last = (name_of(name) or "").partition(" ")
    if first:
        found["first_name"] = first
    if last:
        found["last_name"] = last


def hints_of(call: Call) -> dict[Trait, str]:
    """What the device suggests; it counts only while the person has said nothing."""
    if call.kind != "identify":
        return {}
    hints: dict[Trait, str | None] = {
        "locale": locale_of(call.context.get("locale")),
        "time_zone": zone_of(call.context.get("timezone")),
    }
    return {trait: value for trait, value in hints.items() if value is not None}
