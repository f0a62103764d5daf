"""The base of all payloads and the index from type to class."""

from __future__ import annotations

from typing import ClassVar

import msgspec


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """The `data` of one event type; `TYPE` is what the envelope's `type` says."""

    TYPE: ClassVar[str] = ""
    TOPICS: ClassVar[tuple[str, ...]] = ()
    """The topics on which it travels."""


class Money(msgspec.Struct, frozen=True):
    """An amount in minor units, so that no cent is lost to floating point."""

    amount: int
    currency: str
    """ISO 4217."""


def payload_types() -> dict[str, type[Payload]]:
    """Every payload by its type; importing the noun modules is what registers them."""
    from common.contracts import (  # noqa: PLC0415 - the noun modules import this one
        actions,
        configuration,
        decisions,
        deliveries,
        ingestion,
        profiles,
        runtime,
        withdrawals,
    )

    modules = (
        actions,
        configuration,
        decisions,
        deliveries,
        ingestion,
        profiles,
        runtime,
        withdrawals,
    )
    found = {
        cls.TYPE: cls
        for module in modules
        for cls in vars(module).values()
        if isinstance(cls, type) and issubclass(cls, Payload) and cls.TYPE
    }
    return dict(sorted(found.items()))
