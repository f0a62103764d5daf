"""Segment's protocol: what a message says, in our words."""

from ingest.domain.segment.calls import Call, read
from ingest.domain.segment.consents import consents_of
from ingest.domain.segment.context import context_of
from ingest.domain.segment.naming import activity_name
from ingest.domain.segment.properties import allowed
from ingest.domain.segment.traits import hints_of, traits_of

__all__ = [
    "Call",
    "activity_name",
    "allowed",
    "consents_of",
    "context_of",
    "hints_of",
    "read",
    "traits_of",
]
