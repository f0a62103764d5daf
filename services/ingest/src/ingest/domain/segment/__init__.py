"""Segment's protocol: what a message says, in our words."""

from ingest.domain.segment.calls import IMPORTED, Call, read
from ingest.domain.segment.consents import consents_of, is_known
from ingest.domain.segment.context import context_of
from ingest.domain.segment.groups import account_id_of, account_traits_of
from ingest.domain.segment.naming import activity_name
from ingest.domain.segment.properties import allowed
from ingest.domain.segment.stated import stated_by
from ingest.domain.segment.traits import hints_of, traits_of

__all__ = [
    "IMPORTED",
    "Call",
    "account_id_of",
    "account_traits_of",
    "activity_name",
    "allowed",
    "consents_of",
    "context_of",
    "hints_of",
    "is_known",
    "read",
    "stated_by",
    "traits_of",
]
