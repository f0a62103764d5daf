"""Takes out of texts what looks like a mail address, a phone number or an IP address."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address

REMOVED = "[removed]"

# Every repetition is bounded, so that no text takes more than linear time.
_MAIL = re.compile(
    r"[^\s@<>\"',;:()/?=&]{1,64}(?:@|%40)[^\s@<>\"',;:()/?=&]{1,253}\.[^\W\d_]{2,24}"
)
_IP4 = re.compile(
    r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.]*\d)"
)
_IP6 = re.compile(r"(?<![\w:])[0-9a-fA-F:]{4,39}(?![\w:])")
_PHONE = re.compile(r"(?<![\w+])\+?\(?\d[\d ()/.\-]{5,24}\d(?!\w)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_FEWEST_DIGITS = {"+": 7, "0": 7}
"""By the first character; a number that begins otherwise needs nine to look like a phone number."""
_MOST_DIGITS = 17


def scrub(text: str) -> str:
    """A free text without whatever looks like a contact or an IP address."""
    return _PHONE.sub(_unless_no_phone, scrub_identifier(text))


def scrub_identifier(text: str) -> str:
    """An identifier likewise, but digits alone are not taken for a phone number: order numbers look like that."""
    if "@" in text or "%40" in text:
        text = _MAIL.sub(REMOVED, text)
    if "." in text:
        text = _IP4.sub(REMOVED, text)
    if ":" in text:
        text = _IP6.sub(_unless_no_address, text)
    if text.startswith("+"):
        text = _PHONE.sub(_unless_no_phone, text)
    return text


def _unless_no_phone(match: re.Match[str]) -> str:
    found = match[0]
    digits = sum(character.isdigit() for character in found)
    if _DATE.match(found):
        return found
    first = found.lstrip("(")[:1]
    return REMOVED if _FEWEST_DIGITS.get(first, 9) <= digits <= _MOST_DIGITS else found


def _unless_no_address(match: re.Match[str]) -> str:
    try:
        IPv6Address(match[0])
    except AddressValueError:
        return match[0]
    return REMOVED
