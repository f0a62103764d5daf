"""The index from an event's type to its payload's class."""

from __future__ import annotations

from common.contracts import (
    actions,
    configuration,
    decisions,
    deliveries,
    ingestion,
    merging,
    profiles,
    runtime,
    withdrawals,
)
from common.contracts.payload import Payload

_NOUNS = (
    actions,
    configuration,
    decisions,
    deliveries,
    ingestion,
    merging,
    profiles,
    runtime,
    withdrawals,
)


def payload_types() -> dict[str, type[Payload]]:
    """Every payload by its type, sorted."""
    found = {
        kind.TYPE: kind
        for module in _NOUNS
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Payload) and kind.TYPE
    }
    return dict(sorted(found.items()))
