"""Consents with their proof, and addresses that must not be used, as tables from the system that held them so far."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from cuestream.importing.events import Message
from cuestream.importing.lines import BadLineError, Row
from cuestream.importing.values import first_of, moment, yes_or_no

CHANNELS = ("email", "sms", "phone", "ads")
PURPOSES = ("marketing", "transactional", "profiling")
BASES = {
    "consent": "consent",
    "opt_in": "consent",
    "double_opt_in": "double_opt_in",
    "existing_customer": "existing_customer",
    "contract": "contract",
}
"""What a table may say, and what it is called here."""
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_MARKS = re.compile(r"[ ()/.\-]")
_REASON = re.compile(r"[a-z][a-z0-9_]{0,39}")
UNSUBSCRIBED = "unsubscribed"
_BY_ADDRESS = {"@": ("email", "ads"), "+": ("sms", "phone")}


def consent(row: Row) -> list[Message]:
    """The statement that a row makes, after who it is about.

    Raises:
        BadLineError: it names nobody, says nothing that could be acted upon, or a yes has no proof.
    """
    values = row.values
    ids, traits = _person(row)
    channel = _word(row, "channel", CHANNELS, "email")
    purpose = _word(row, "purpose", PURPOSES, "marketing")
    granted = yes_or_no(first_of(values, "granted", "consent", "status") or "yes")
    stated_at = moment(values, "confirmed_at", "timestamp", "stated_at", "time")
    said: dict[str, Any] = {"channel": channel, "purpose": purpose}
    if granted:
        said["basis"] = BASES[_word(row, "basis", tuple(BASES), "consent")]
        _prove(row, said["basis"], stated_at)
    for name in ("text_version", "ip", "source"):
        if (value := first_of(values, name)) is not None:
            said[name] = value
    for name in ("requested_at", "confirmed_at"):
        if (at := moment(values, name)) is not None:
            said[name] = at
    event = "Consent Granted" if granted else "Consent Withdrawn"
    dated = {} if stated_at is None else {"timestamp": stated_at}
    statement = {"type": "track", "event": event, **ids, **dated, "properties": said}
    return [
        *([{"type": "identify", **ids, **dated, "traits": traits}] if traits else []),
        statement,
    ]


def _prove(row: Row, basis: str, stated_at: str | None) -> None:
    """Whoever writes to somebody must be able to show when that was allowed, and of a double opt-in both times."""
    if stated_at is None:
        raise BadLineError(
            "no_proof", "a yes needs the time when it was given: timestamp or confirmed_at"
        )
    if basis == "double_opt_in":
        asked, confirmed = moment(row.values, "requested_at"), moment(row.values, "confirmed_at")
        if asked is None or confirmed is None:
            raise BadLineError("no_proof", "a double opt-in needs requested_at and confirmed_at")


def _person(row: Row) -> tuple[Message, Message]:
    """By which ids, and what address comes with them; who has only an address is known by a hash of it."""
    email = first_of(row.values, "email")
    traits: Message = {} if email is None else {"email": email}
    if (phone := first_of(row.values, "phone")) is not None:
        traits["phone"] = phone
    user = first_of(row.values, "user_id", "userId")
    anonymous = first_of(row.values, "anonymous_id", "anonymousId")
    if user is None and anonymous is None:
        if email is None or "@" not in email:
            raise BadLineError("no_identity", "neither user_id, anonymous_id nor email is given")
        digest = hashlib.sha256(email.strip().lower().encode()).hexdigest()
        user = f"email:{digest[:32]}"
    ids = {"userId": user, "anonymousId": anonymous}
    return {name: value for name, value in ids.items() if value is not None}, traits


def _word(row: Row, column: str, known: tuple[str, ...], otherwise: str) -> str:
    word = (first_of(row.values, column) or otherwise).lower()
    if word not in known:
        raise BadLineError(f"unknown_{column}", f"{column} has to be one of {', '.join(known)}")
    return word


def suppression(row: Row) -> list[Message]:
    """An address that must not be used, on the channels where it can be.

    Raises:
        BadLineError: it is no address, or of another channel.
    """
    address = first_of(row.values, "address", "email", "phone")
    if address is None:
        raise BadLineError("no_address", "neither address, email nor phone is given")
    channels = _BY_ADDRESS["@" if "@" in address else "+"]
    if "@" not in address:
        address = _MARKS.sub("", address)
        if not _PHONE.fullmatch(address):
            raise BadLineError("no_address", "a phone number begins with + and its country")
    wanted = (first_of(row.values, "channel") or channels[0]).lower()
    if wanted not in (*channels, "*"):
        raise BadLineError(
            "unknown_channel", f"channel has to be * or one of {', '.join(channels)}"
        )
    reason = (first_of(row.values, "reason") or "imported").lower()
    if not _REASON.fullmatch(reason):
        raise BadLineError("unknown_reason", "reason has to be one word, such as bounced")
    return [
        {"channel": channel, "address": address, "reason": reason}
        for channel in (channels if wanted == "*" else (wanted,))
    ]
