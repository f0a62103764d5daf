"""Whether the link by which a mail asks for consent still confirms anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from dispatcher.domain.delivery import Delivery
from dispatcher.domain.gate import AddressStanding, PersonStop
from dispatcher.domain.recipient import Recipient
from dispatcher.domain.tokens import ConfirmToken

DOUBLE_OPT_IN: Final = "double_opt_in"

Verdict = Literal["open", "expired", "confirmed", "withdrawn", "moved", "gone"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a mail that asked, and of whom it asked."""

    delivery: Delivery
    recipient: Recipient
    address_hash: str | None
    """Of the address that the person has now."""
    address: AddressStanding
    stop: PersonStop | None


def judge_confirmation(token: ConfirmToken, asked: Asked | None, now: datetime) -> Verdict:
    """What the link is good for; a no that came after the request outlives it, whatever else holds.

    The ledger decides the same once more: what is known here may be some seconds old.
    """
    if asked is None or asked.recipient.contact is None:
        return "gone"
    if asked.address_hash != token.address_hash.hex():
        return "moved"
    if _is_withdrawn(token, asked):
        return "withdrawn"
    if _is_confirmed(token, asked):
        return "confirmed"
    return "expired" if now >= token.expires_at else "open"


def _is_withdrawn(token: ConfirmToken, asked: Asked) -> bool:
    channel, _, purpose = token.key.partition(".")
    contact = asked.recipient.contact
    stopped = asked.stop is not None or asked.address.suppressed is not None
    return (
        stopped
        or asked.address.withdrawn_since(token.asked_at, purpose)
        or any(
            (consent.channel, consent.purpose) == (channel, purpose)
            and not consent.granted
            and consent.since >= token.asked_at
            for consent in (contact.consents if contact else ())
        )
    )


def _is_confirmed(token: ConfirmToken, asked: Asked) -> bool:
    channel, _, purpose = token.key.partition(".")
    consent = asked.recipient.consent(channel, purpose)
    if consent is None:
        return False
    # By another way, the shop's own for one, is as good.
    by_others = consent.basis == DOUBLE_OPT_IN and consent.since >= token.asked_at
    return by_others or consent.proof_id == token.proof_id
