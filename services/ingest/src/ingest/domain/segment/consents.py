"""What a message says about consent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal
from uuid import UUID

from ingest.domain.moments import parse_instant
from ingest.domain.people.consents import Statement
from ingest.domain.segment.calls import Call
from ingest.domain.segment.naming import (
    CONSENT_CONFIRMED,
    CONSENT_GRANTED,
    CONSENT_REQUESTED,
    CONSENT_WITHDRAWN,
    activity_name,
)

_WORD = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LONGEST = 200
CHANNELS = frozenset({"email", "sms", "phone", "ads"})
PURPOSES = frozenset({"marketing", "transactional", "profiling"})
DEFAULT_BASIS = "consent"
_BASES = {
    "opt_in": "consent",
    "single_opt_in": "consent",
    "confirmed_opt_in": "double_opt_in",
    "soft_opt_in": "existing_customer",
}
"""What others call a basis, in our words: `consent`, `double_opt_in`, `existing_customer`, `contract`."""
_ONLY_FOR = {
    "existing_customer": frozenset({"email.marketing", "sms.marketing"}),
    "contract": frozenset(f"{channel}.transactional" for channel in CHANNELS),
}
"""What a basis other than consent can allow: § 7 (3) UWG speaks of electronic mail, a contract of what it brings with it."""
_STEPS: Mapping[str, Literal["requested", "confirmed"]] = {
    CONSENT_REQUESTED: "requested",
    CONSENT_CONFIRMED: "confirmed",
}


_NO_CATEGORIES: Mapping[str, tuple[str, ...]] = {}


def consents_of(
    call: Call,
    proof_id: UUID,
    source: str | None = None,
    categories: Mapping[str, tuple[str, ...]] = _NO_CATEGORIES,
    first: int = 0,
) -> tuple[Statement, ...]:
    """The statements that a message makes: its consent banner's preferences, traits of identify, or one of the consent events.

    One for each purpose of a channel: of two that a message contradicts itself with, the heavier one; half of a double opt-in
    contradicts nothing. What names another channel or purpose is no statement: nobody could act on it, and made-up words would
    make the contact snapshot grow without a bound. `first` is the number of the first one among all of the event.
    """
    found = list(_from_banner(call, proof_id, categories)) if categories else []
    if call.kind == "identify":
        found += _from_traits(call, proof_id)
    elif call.kind == "track":
        found += _from_event(call, proof_id)
    if not found:
        return ()
    heaviest: dict[tuple[str, str | None], Statement] = {}
    for statement in found:
        known = heaviest.get((statement.key, statement.step))
        if known is None or known.weight < statement.weight:
            heaviest[statement.key, statement.step] = statement
    return tuple(
        replace(statement, source=source, number=number)
        for number, statement in enumerate(heaviest.values(), first)
    )


def _from_banner(
    call: Call, proof_id: UUID, categories: Mapping[str, tuple[str, ...]]
) -> Iterator[Statement]:
    """Segment's `context.consent.categoryPreferences`; a category that the workspace does not name says nothing."""
    consent = call.context.get("consent")
    preferences = consent.get("categoryPreferences") if isinstance(consent, dict) else None
    if not isinstance(preferences, dict):
        return
    for category, keys in categories.items():
        granted = preferences.get(category)
        if isinstance(granted, bool):
            for key in keys:
                channel, _, purpose = key.partition(".")
                said = _statement(call, proof_id, channel, purpose, {}, granted=granted)
                yield replace(said, via="preferences")


def _from_event(call: Call, proof_id: UUID) -> Iterator[Statement]:
    said = call.properties
    channel, purpose = said.get("channel"), said.get("purpose")
    if not is_known(channel, purpose):
        return  # before the name, which takes longer: most events are about something else
    name = activity_name(call)
    if name not in {CONSENT_GRANTED, CONSENT_WITHDRAWN, *_STEPS}:
        return
    granted = name == CONSENT_GRANTED
    statement = _statement(call, proof_id, str(channel), str(purpose), said, granted=granted)
    if granted and statement.key not in _ONLY_FOR.get(statement.basis, {statement.key}):
        return
    yield replace(statement, step=_STEPS.get(str(name)))


def _from_traits(call: Call, proof_id: UUID) -> Iterator[Statement]:
    consents = call.traits.get("consents")
    if not isinstance(consents, dict):
        return
    for key, granted in consents.items():
        channel, _, purpose = str(key).partition(".")
        if isinstance(granted, bool) and is_known(channel, purpose):
            yield _statement(call, proof_id, channel, purpose, {}, granted=granted)


def _statement(
    call: Call,
    proof_id: UUID,
    channel: str,
    purpose: str,
    said: Mapping[str, Any],
    *,
    granted: bool,
) -> Statement:
    return Statement(
        channel=channel,
        purpose=purpose,
        granted=granted,
        basis=_basis(said.get("basis")),
        stated_at=call.received_at,
        meant_at=call.occurred_at,
        proof_id=proof_id,
        via=call.kind,
        text_version=_text(said.get("text_version")),
        ip=_text(said.get("ip")) or _text(call.context.get("ip")),
        requested_at=parse_instant(said.get("requested_at")),
        confirmed_at=parse_instant(said.get("confirmed_at")),
    )


def is_known(channel: object, purpose: object) -> bool:
    """Whether anybody could act on it."""
    # As text first: what a stranger sends may be anything, also what no set can hold.
    return str(channel) in CHANNELS and str(purpose) in PURPOSES


def _basis(value: object) -> str:
    word = _word(value) or DEFAULT_BASIS
    return _BASES.get(word, word)


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else None


def _text(value: object) -> str | None:
    return value[:_LONGEST].replace("\0", "") if isinstance(value, str) and value else None
