"""What a message says about consent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from ingest.domain.people.consents import Statement
from ingest.domain.segment.calls import Call
from ingest.domain.segment.naming import CONSENT_GRANTED, CONSENT_WITHDRAWN, activity_name

_WORD = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LONGEST = 200
CHANNELS = frozenset({"email", "sms", "phone", "ads"})
PURPOSES = frozenset({"marketing", "transactional", "profiling"})
DEFAULT_BASIS = "consent"


def consents_of(call: Call, proof_id: UUID) -> tuple[Statement, ...]:
    """The statements that a message makes: traits of identify, or one of the two consent events.

    What names another channel or purpose is no statement: nobody could act on it, and made-up words would make
    the contact snapshot grow without a bound.
    """
    if call.kind == "identify":
        return tuple(_from_traits(call, proof_id))
    if call.kind != "track":
        return ()
    name = activity_name(call)
    if name not in {CONSENT_GRANTED, CONSENT_WITHDRAWN}:
        return ()
    said = call.properties
    channel, purpose = said.get("channel"), said.get("purpose")
    if not _is_known(channel, purpose):
        return ()
    granted = name == CONSENT_GRANTED
    return (_statement(call, proof_id, str(channel), str(purpose), said, granted=granted),)


def _from_traits(call: Call, proof_id: UUID) -> Iterator[Statement]:
    consents = call.traits.get("consents")
    if not isinstance(consents, dict):
        return
    for key, granted in consents.items():
        channel, _, purpose = str(key).partition(".")
        if isinstance(granted, bool) and _is_known(channel, purpose):
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
        basis=_word(said.get("basis")) or DEFAULT_BASIS,
        stated_at=call.received_at,
        meant_at=call.occurred_at,
        proof_id=proof_id,
        via=call.kind,
        text_version=_text(said.get("text_version")),
        ip=_text(said.get("ip")) or _text(call.context.get("ip")),
    )


def _is_known(channel: object, purpose: object) -> bool:
    # As text first: what a stranger sends may be anything, also what no set can hold.
    return str(channel) in CHANNELS and str(purpose) in PURPOSES


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else None


def _text(value: object) -> str | None:
    return value[:_LONGEST].replace("\0", "") if isinstance(value, str) and value else None
