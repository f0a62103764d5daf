"""The index of `dispatcher consume`: which record leads to which fold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from common.configuration import Configuration
from common.consuming import TOMBSTONE, Book, Handlers, Loop
from common.contracts.actions import ActionRequested
from common.contracts.profiles import ContactChanged
from dispatcher.handlers import Docket, change_contact, erase_contact, plan_delivery

LOOP = "dispatcher.consume"
ANCHOR = "action.requests"
# Contacts first: a request of the same batch then already finds the newest address.
INPUTS: Sequence[str] = ("profile.contacts", "dispatcher.commands", "action.requests")


def loop(book: Book[Docket], *, live_since: datetime) -> Loop[Docket]:
    """The loop that accepts requests and keeps the contacts."""
    index: Handlers[Docket] = Handlers(
        records={
            ActionRequested.TYPE: plan_delivery(live_since),
            ContactChanged.TYPE: change_contact,
            TOMBSTONE: erase_contact,
        }
    )

    def handlers(configuration: Configuration) -> Handlers[Docket]:  # noqa: ARG001 - no fold depends on it
        return index

    return Loop(name=LOOP, anchor=ANCHOR, inputs=INPUTS, handlers=handlers, book=book)
