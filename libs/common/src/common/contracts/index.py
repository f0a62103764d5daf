"""The index from an event's type to its payload's class."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from common.contracts import (
    actions,
    catalog,
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
    catalog,
    configuration,
    decisions,
    deliveries,
    ingestion,
    merging,
    profiles,
    runtime,
    withdrawals,
)


@cache
def payload_types() -> Mapping[str, type[Payload]]:
    """Every payload by its type, sorted."""
    found = {
        kind.TYPE: kind
        for module in _NOUNS
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Payload) and kind.TYPE
    }
    return MappingProxyType(dict(sorted(found.items())))
