"""Webhooks: what vendors send, whether it is theirs, and what it means in our words."""

from ingest.domain.webhooks.reading import PROTOCOL, Heading, read
from ingest.domain.webhooks.receiving import judge_item, verified
from ingest.domain.webhooks.signatures import ForgedError, Request
from ingest.domain.webhooks.vendor import Item, Vendor
from ingest.domain.webhooks.vendors import VENDORS

__all__ = [
    "PROTOCOL",
    "VENDORS",
    "ForgedError",
    "Heading",
    "Item",
    "Request",
    "Vendor",
    "judge_item",
    "read",
    "verified",
]
