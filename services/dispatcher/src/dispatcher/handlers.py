"""The folds: a request becomes a planned delivery, a contact snapshot replaces an older one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from common.consuming import Consequence, Folded, Record, Signal
from common.contracts.actions import ActionRequested
from common.contracts.profiles import ContactChanged
from dispatcher.domain.delivery import Delivery
from dispatcher.domain.reasons import HISTORY
from dispatcher.domain.recipient import Recipient, erased, newer
from dispatcher.domain.statuses import STATUS, status_of


class Docket(msgspec.Struct, frozen=True, kw_only=True):
    """What one batch knows of one profile: its contact data, and what is newly planned for it."""

    recipient: Recipient | None = None
    changed: bool = False
    """Whether the recipient has to be saved."""
    planned: tuple[Delivery, ...] = ()
    past: tuple[Delivery, ...] = ()
    """What was requested in an earlier life of this database; nobody here knows whether it was sent."""


Fold = Callable[[Docket | None, Signal, datetime], Folded[Docket]]


def plan_delivery(live_since: datetime) -> Fold:
    """The fold of requests. One that is history is never sent, also when it is asked for again: it ends `unknown`.

    That end is told where the request had not expired when this life began, for then somebody may
    still wait for it; whoever knows a better end keeps that one.
    """

    def fold(docket: Docket | None, signal: Signal, now: datetime) -> Folded[Docket]:
        known, record = docket or Docket(), _record(signal)
        delivery = Delivery(
            partition=record.partition,
            workspace=record.workspace,
            profile_id=record.profile_id,
            request=record.event.payload(ActionRequested),
            cause=record.cause,
            correlation=record.correlation,
            accepted_at=record.accepted_at,
            traceparent=record.traceparent,
        )
        if not record.history:
            return Folded(msgspec.structs.replace(known, planned=(*known.planned, delivery)))
        past = msgspec.structs.replace(known, past=(*known.past, delivery))
        return Folded(past, consequences=_unknown(delivery, now, live_since))

    return fold


def _unknown(delivery: Delivery, now: datetime, live_since: datetime) -> Sequence[Consequence]:
    told = status_of(delivery, "unknown", at=now, reason=HISTORY)
    if told is None or delivery.request.expires_at <= live_since:
        return ()
    return (Consequence(STATUS, told.payload, subject=str(delivery.profile_id), id=told.id),)


def change_contact(docket: Docket | None, signal: Signal, now: datetime) -> Folded[Docket]:  # noqa: ARG001 - a fold's shape
    """Keep the newest snapshot."""
    known, record = docket or Docket(), _record(signal)
    recipient = newer(known.recipient, record.event.payload(ContactChanged), record.workspace)
    if recipient == known.recipient:
        return Folded(known)
    return Folded(msgspec.structs.replace(known, recipient=recipient, changed=True))


def erase_contact(docket: Docket | None, signal: Signal, now: datetime) -> Folded[Docket]:  # noqa: ARG001 - a fold's shape
    """A tombstone on the contacts: nothing of the person stays, but that nobody may be written to."""
    known = docket or Docket()
    recipient = erased(known.recipient)
    return Folded(msgspec.structs.replace(known, recipient=recipient, changed=True))


def _record(signal: Signal) -> Record:
    if not isinstance(signal, Record):
        raise TypeError("dispatcher sets no timers")
    return signal
