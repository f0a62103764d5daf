"""What an identify call says about a person, in normal form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from email_validator import EmailNotValidError, validate_email

from ingest.domain.people.golden import Trait
from ingest.domain.segment.calls import Call
from ingest.domain.segment.context import locale_of

_LONGEST_NAME = 200
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_PHONE_MARKS = re.compile(r"[ ()/.\-]")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_ZONE = re.compile(r"[A-Za-z][A-Za-z_]{1,30}(?:/[A-Za-z0-9_+\-]{1,40}){0,2}")


def traits_of(call: Call) -> dict[Trait, str | None]:
    """The traits that were said; None where one was taken back (`null`, or an empty text).

    What cannot be what it says to be (an address without `@`, a phone number without a country) is as if not said.
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
    return found


def normal_email(value: object) -> str | None:
    """The address in lower case, or None when it can be none; nobody's DNS is asked."""
    if not isinstance(value, str) or len(value) > 320:
        return None
    try:
        checked = validate_email(
            value.strip(), check_deliverability=False, globally_deliverable=False
        )
    except EmailNotValidError:
        return None
    return checked.normalized.lower()


def _phone(value: object) -> str | None:
    """E.164 when it is already written with its country; guessing one would reach strangers."""
    if not isinstance(value, str):
        return None
    bare = _PHONE_MARKS.sub("", value[:40])
    return bare if _PHONE.fullmatch(bare) else None


def _name(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    return " ".join(value[:_LONGEST_NAME].replace("\0", "").split()) or None


def _country(value: object) -> str | None:
    return value.upper() if isinstance(value, str) and _COUNTRY.fullmatch(value) else None


def _zone(value: object) -> str | None:
    return value if isinstance(value, str) and _ZONE.fullmatch(value) else None


_Form = Callable[[object], str | None]
_FORMS: Mapping[Trait, tuple[tuple[str, ...], _Form]] = {
    "email": (("email",), normal_email),
    "phone": (("phone",), _phone),
    "first_name": (("firstName", "first_name"), _name),
    "last_name": (("lastName", "last_name"), _name),
    "locale": (("locale",), locale_of),
    "time_zone": (("timezone", "time_zone"), _zone),
    "country": (("country",), _country),
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
        _put(found, "country", address["country"], _country)


def _add_names(found: dict[Trait, str | None], name: object) -> None:
    """A full name fills in only where neither part was said."""
    if "first_name" in found or "last_name" in found:
        return
    first, _, last = (_name(name) or "").partition(" ")
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
        "time_zone": _zone(call.context.get("timezone")),
    }
    return {trait: value for trait, value in hints.items() if value is not None}
