"""What the edge makes of a request: events to accept and events to set aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from common.contracts.ingestion import EventAccepted
from common.errors import PermanentError
from ingest.domain.catalog.naming import PREFIX, product_id_of
from ingest.domain.collecting.judging import Message, Rejected, decoded, guarded
from ingest.domain.identifiers import text_of
from ingest.domain.segment.calls import Call
from ingest.domain.tracking import Guard, name_in_plan
from ingest.domain.webhooks.mapping import look
from ingest.domain.webhooks.reading import PROTOCOL, Heading, read
from ingest.domain.webhooks.signatures import ForgedError, Request
from ingest.domain.webhooks.vendor import Item, Vendor

LARGEST = 256 * 1024
"""Bytes an event may have: orders of a hundred lines exceed what a browser may send, and nobody would send them again."""


def verified(
    vendor: Vendor, request: Request, secrets: Sequence[str], account: str | None
) -> Sequence[Item]:
    """The events of a request that is the vendor's.

    Raises:
        ForgedError: it is not.
        UnparsableError: it is, and cannot be understood as a whole.
    """
    vendor.scheme.check(request, secrets)
    items = vendor.split(request)
    if account is not None and vendor.account is not None:
        for item in items:
            _check_account(vendor, item, account)
    return items


def _check_account(vendor: Vendor, item: Item, account: str) -> None:
    try:
        values = vendor.values(msgspec.json.decode(item.body))
    except (msgspec.DecodeError, RecursionError, ValueError):
        return  # set aside later, with what is wrong
    if not _same(text_of(look(values, vendor.account or "")), account):
        raise ForgedError("wrong_account", "it comes from another account than this source's")


def _same(said: str | None, account: str) -> bool:
    """Salesforce writes an id with 15 characters, or the same with three more to check it."""
    if said is None or said == account:
        return said is not None
    return {len(said), len(account)} == {15, 18} and said[:15] == account[:15]


def judge_item(
    item: Item,
    index: int,
    heading: Heading,
    *,
    source: str,
    received_at: datetime,
    vendors: Mapping[str, Vendor],
    guard: Guard | None = None,
) -> Message | Rejected:
    """Check one event as resolve will read it, so that what is accepted can be understood.

    The tracking plan is held against what the mapping makes of it: nobody plans in the vendor's words.
    """
    try:
        decoded(item.body, LARGEST)
        payload = EventAccepted(
            protocol=PROTOCOL,
            received_at=received_at,
            source=source,
            body=msgspec.Raw(item.body),
            call=str(heading),
            message_id=item.message_id,
        )
        calls = read(payload, vendors)
    except PermanentError as error:
        return Rejected(item.body, index, item.message_id, error.reason, error.detail)
    taken = Message(
        raw=item.body,
        call=payload.call,
        message_id=item.message_id,
        identity=_key(calls),
    )
    for call in calls:
        name = name_in_plan(call.kind, call.event)
        if (
            guard is not None and name is not None
        ):  # of one call at most: the others say who somebody is
            return guarded(taken, index, guard, name, call.properties)
    return taken


def _key(calls: Sequence[Call]) -> str:
    """What keeps the events of one person in one order, or those of one product; one of them is named."""
    for call in calls:
        for who in call.identifiers:
            return who.value
    return next(
        PREFIX + found for call in calls if (found := product_id_of(call.event, call.properties))
    )
