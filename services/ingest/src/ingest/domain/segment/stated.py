"""By which ids, beside the user's and the visitor's, a message knows somebody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ingest.domain.forms import country_of, email_of, phone_of
from ingest.domain.identifiers import EMAIL, PHONE, USER, Identifier, identifier, text_of
from ingest.domain.segment.calls import Call

_MOST = 10
"""External ids of one message; the rest is as if not said."""
_NO_WORD = re.compile(r"[^a-z0-9]+")
_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
_OF_CALLS = frozenset({"user_id", "anonymous_id", "user", "anonymous", "cross_domain_id"})
"""What every call has in a field of its own."""


def stated_by(calls: Sequence[Call]) -> tuple[Identifier, ...]:
    """Addresses and numbers among the traits, and Segment's `context.externalIds`; whatever may link under some workspace's rules.

    It must not depend on these: what is found here is locked before they are looked at. So a phone number counts only
    where the message says its country.
    """
    if not any(call.kind == "identify" or "externalIds" in call.context for call in calls):
        return ()
    return tuple(dict.fromkeys(_of_calls(calls)))


def _of_calls(calls: Iterable[Call]) -> Iterator[Identifier]:
    for call in calls:
        if call.kind == "identify":
            yield from _contacts(call)
        external = call.context.get("externalIds") if call.context else None
        if isinstance(external, list):
            yield from _external(external[:_MOST])


def _contacts(call: Call) -> Iterator[Identifier]:
    email = email_of(call.traits.get("email"))
    if email is not None:
        yield identifier(EMAIL, email)
    if call.traits.get("phone"):
        address = call.traits.get("address")
        lives = address.get("country") if isinstance(address, dict) else None
        country = country_of(call.traits.get("country") or lives)
        phone = phone_of(call.traits["phone"], country)
        if phone is not None:
            yield identifier(PHONE, phone)


def _external(entries: Sequence[object]) -> Iterator[Identifier]:
    """The type of an external id is its kind; where a source of that name numbers people, it is a user id of that source."""
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        kind = _NO_WORD.sub("_", str(entry.get("type", ""))[:60].lower()).strip("_")
        value = text_of(entry.get("id"))
        if value is None or "\0" in value or not _KIND.fullmatch(kind) or kind in _OF_CALLS:
            continue
        if kind in {EMAIL, PHONE}:
            normal = email_of(value) if kind == EMAIL else phone_of(value)
            if normal is not None:
                yield identifier(kind, normal)
            continue
        yield identifier(kind, value)
        yield identifier(USER, f"{kind}:{value}")
