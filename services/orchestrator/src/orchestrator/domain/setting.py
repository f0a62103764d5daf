"""What is the same for everybody in one version of a playbook."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from common.customer import Customer


@dataclass(frozen=True, slots=True)
class Setting:
    """The names of its variables, and where its workspace is."""

    variables: tuple[str, ...]
    """Those that some step sets."""
    zone: ZoneInfo
    adapters: frozenset[str]
    """The channels on which the workspace can send."""


def zone_of(customer: Customer, otherwise: ZoneInfo) -> ZoneInfo:
    """Where the customer's day begins."""
    if customer.time_zone is None:
        return otherwise
    try:
        return ZoneInfo(customer.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return otherwise
