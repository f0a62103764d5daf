"""Between rows and the domain's values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from common.contracts.profiles import ContactChanged
from dispatcher.domain.delivery import Delivery
from dispatcher.domain.gate import AddressStanding
from dispatcher.domain.recipient import Recipient

Row = Mapping[str, Any]

_contact = msgspec.json.Decoder(ContactChanged)
_delivery = msgspec.json.Decoder(Delivery)
_withdrawn = msgspec.json.Decoder(dict[str, datetime])


def columns(rows: Sequence[Sequence[object]]) -> list[list[object]]:
    """The rows turned on their side, as `unnest` takes them."""
    return [list(column) for column in zip(*rows, strict=True)]


def plain(value: UUID) -> UUID:
    """The driver's UUID as the standard library's, which all else is keyed by."""
    return UUID(int=value.int)


def recipient_of(row: Row) -> Recipient:
    snapshot = row["snapshot"]
    return Recipient(
        workspace=row["workspace"],
        version=row["version"],
        contact=None if snapshot is None else _contact.decode(snapshot),
        merged_into=None if row["merged_into"] is None else plain(row["merged_into"]),
    )


def snapshot_bytes(recipient: Recipient) -> bytes | None:
    """None for the erased and the merged: not even their name stays in the row."""
    return None if recipient.contact is None else msgspec.json.encode(recipient.contact)


def delivery_of(row: Row) -> Delivery:
    return _delivery.decode(row["delivery"])


def standing_of(row: Row) -> AddressStanding:
    return AddressStanding(_withdrawn.decode(row["withdrawn"]), row["suppressed"])
