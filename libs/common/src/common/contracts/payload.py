"""The base of all payloads."""

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
