"""The contact log: what was decided for a profile, with the furthest status that was reported."""

from __future__ import annotations

from collections.abc import Iterable
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
    return _newest(known.values())


def _newest(contacts: Iterable[Contact]) -> tuple[Contact, ...]:
    ordered = sorted(contacts, key=lambda one: (one.at, one.decision_id))
    return tuple(ordered[-MAX_CONTACTS:])


def united(ours: tuple[Contact, ...], theirs: tuple[Contact, ...]) -> tuple[Contact, ...]:
    """Two logs as one; a contact that both know has the higher status."""
    known = {one.decision_id: one for one in ours}
    for one in theirs:
        own = known.get(one.decision_id, one)
        first = min(own, one, key=lambda each: (each.at, each.status))
        known[one.decision_id] = _further(_further(first, own.status), one.status)
    return _newest(known.values())


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
