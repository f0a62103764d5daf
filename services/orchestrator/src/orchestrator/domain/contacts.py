"""The contact log: what was decided for a profile, with the furthest status that was reported."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from common.contracts.deliveries import DeliveryStatus
from orchestrator.domain.state import MAX_CONTACTS, Contact

REQUESTED: Final = "requested"

_RANKS: Final = {
    status: rank
    for rank, status in enumerate(
        (
            REQUESTED,
            "held",
            "unknown",
            "skipped",
            "failed",
            "sent",
            "delivered",
            "opened",
            "clicked",
            "bounced",
            "complained",
        )
    )
}
"""Statuses come out of order and repeated; the highest seen is the standing."""


def with_contact(log: tuple[Contact, ...], contact: Contact) -> tuple[Contact, ...]:
    """The log with this contact; one that is there already keeps the higher status."""
    known = {one.decision_id: one for one in log}
    before = known.get(contact.decision_id)
    known[contact.decision_id] = contact if before is None else _further(before, contact.status)
    ordered = sorted(known.values(), key=lambda one: (one.at, one.decision_id))
    return tuple(ordered[-MAX_CONTACTS:])


def with_status(log: tuple[Contact, ...], status: DeliveryStatus) -> tuple[Contact, ...]:
    """The log after a delivery's status; one of a contact that is unknown here is logged too."""
    reported = Contact(
        decision_id=status.decision_id,
        playbook=status.playbook,
        message=status.message,
        channel=status.channel,
        at=status.at,
        status=status_name(type(status)),
    )
    return with_contact(log, reported)


def status_name(kind: type[DeliveryStatus]) -> str:
    """`sent` of `delivery.sent.v1`."""
    return kind.TYPE.split(".")[1]


def _further(contact: Contact, status: str) -> Contact:
    if _RANKS[status] <= _RANKS[contact.status]:
        return contact
    return replace(contact, status=status)
