"""Normal forms of what is said of people, whichever source says it; None for what cannot be what it says to be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Final

from email_validator import EmailNotValidError, validate_email
from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    format_number,
    is_possible_number,
    parse,
)

_LONGEST_NAME: Final = 200
_SHORTEST_PHONE: Final = 8
"""With the plus; what can be dialled within a town only is nobody's number elsewhere."""
_ZONE = re.compile(r"[A-Za-z][A-Za-z_]{1,30}(?:/[A-Za-z0-9_+\-]{1,40}){0,2}")
_LOCALE = re.compile(r"([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{2,8}){0,3})")
_LOCAL_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_OLDEST: Final = date(1900, 1, 1)

_COUNTRIES: Mapping[str, tuple[str, ...]] = {
    "AT": ("aut", "austria", "österreich"),
    "BE": ("bel", "belgium", "belgien"),
    "BG": ("bgr", "bulgaria", "bulgarien"),
    "CH": ("che", "switzerland", "schweiz"),
    "CZ": ("cze", "czechia", "czech republic", "tschechien"),
    "DE": ("deu", "germany", "deutschland"),
    "DK": ("dnk", "denmark", "dänemark"),
    "EE": ("est", "estonia", "estland"),
    "ES": ("esp", "spain", "spanien"),
    "FI": ("fin", "finland", "finnland"),
    "FR": ("fra", "france", "frankreich"),
    "GB": ("gbr", "united kingdom", "great britain", "uk", "vereinigtes königreich"),
    "GR": ("grc", "greece", "griechenland"),
    "HR": ("hrv", "croatia", "kroatien"),
    "HU": ("hun", "hungary", "ungarn"),
    "IE": ("irl", "ireland", "irland"),
    "IT": ("ita", "italy", "italien"),
    "LI": ("lie", "liechtenstein"),
    "LT": ("ltu", "lithuania", "litauen"),
    "LU": ("lux", "luxembourg", "luxemburg"),
    "LV": ("lva", "latvia", "lettland"),
    "NL": ("nld", "netherlands", "the netherlands", "niederlande"),
    "NO": ("nor", "norway", "norwegen"),
    "PL": ("pol", "poland", "polen"),
    "PT": ("prt", "portugal"),
    "RO": ("rou", "romania", "rumänien"),
    "SE": ("swe", "sweden", "schweden"),
    "SI": ("svn", "slovenia", "slowenien"),
    "SK": ("svk", "slovakia", "slowakei"),
    "US": ("usa", "united states", "united states of america", "vereinigte staaten"),
}
_BY_NAME = {name: code for code, names in _COUNTRIES.items() for name in names}
_LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "cs": ("ces", "cze", "czech", "tschechisch"),
    "da": ("dan", "danish", "dänisch"),
    "de": ("deu", "ger", "german", "deutsch"),
    "en": ("eng", "english", "englisch"),
    "es": ("spa", "spanish", "spanisch"),
    "fr": ("fra", "fre", "french", "französisch"),
    "it": ("ita", "italian", "italienisch"),
    "nl": ("nld", "dut", "dutch", "niederländisch"),
    "pl": ("pol", "polish", "polnisch"),
    "pt": ("por", "portuguese", "portugiesisch"),
    "sv": ("swe", "swedish", "schwedisch"),
}
_SPOKEN = {name: code for code, names in _LANGUAGES.items() for name in names}


@lru_cache(maxsize=4096)
def _checked(address: str) -> str | None:
    try:
        checked = validate_email(address, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return None
    return checked.normalized.lower()


def email_of(value: object) -> str | None:
    """The address in lower case; nobody's DNS is asked."""
    if not isinstance(value, str) or len(value) > 320:
        return None
    return _checked(value.strip())


def phone_of(value: object, region: str | None = None) -> str | None:
    """E.164; a number without its country is the region's, and none without a region: guessing would reach strangers."""
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        number = parse(value[:40], region)
    except NumberParseException:
        return None
    if not is_possible_number(number):
        return None
    text = format_number(number, PhoneNumberFormat.E164)
    return text if len(text) >= _SHORTEST_PHONE else None


def name_of(value: object) -> str | None:
    """Part of a name, without what does not show."""
    if not isinstance(value, str):
        return None
    return " ".join(value[:_LONGEST_NAME].replace("\0", "").split()) or None


def country_of(value: object) -> str | None:
    """ISO 3166-1 alpha-2, also of three letters and of names, as CRMs have them."""
    if not isinstance(value, str):
        return None
    text = value.strip()[:60]
    if len(text) == 2 and text.isascii() and text.isalpha():
        return "GB" if text.upper() == "UK" else text.upper()
    return _BY_NAME.get(text.lower())


def locale_of(value: object) -> str | None:
    """A language tag such as `de-DE`, also of `de_de`, `deu` and `German`."""
    if not isinstance(value, str):
        return None
    text = value.strip()[:60]
    spoken = _SPOKEN.get(text.lower())
    if spoken is not None:
        return spoken
    match = _LOCALE.fullmatch(text)
    if match is None:
        return None
    parts = match[2].replace("_", "-").split("-")[1:]
    return "-".join([match[1].lower(), *map(_subtag, parts)])


def _subtag(text: str) -> str:
    if len(text) == 2:
        return text.upper()
    return text.title() if len(text) == 4 and text.isalpha() else text


def zone_of(value: object) -> str | None:
    """The name of a time zone."""
    return value if isinstance(value, str) and _ZONE.fullmatch(value) else None


def birthday_of(value: object) -> str | None:
    """`YYYY-MM-DD`, also of a time on that day and of `31.12.1990`; slashes may mean either order, so they mean nothing."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    local = _LOCAL_DATE.fullmatch(text)
    try:
        if local is not None:
            born = date(int(local[3]), int(local[2]), int(local[1]))
        else:
            born = date.fromisoformat(text[:10])
    except ValueError:
        return None
    return born.isoformat() if born >= _OLDEST else None
