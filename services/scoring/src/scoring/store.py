"""Where lead standings are kept: one row a profile in scoring's own schema."""

from __future__ import annotations

from typing import Final

from common.postgres import ProfileBook
from scoring.domain.lead_score import LeadStanding

SCHEMA: Final = "scoring"
STATE_SCHEMA: Final = 1
"""Raise it with each change of `LeadStanding` that an old row cannot be read as, and add the upgrade."""


def lead_book() -> ProfileBook[LeadStanding]:
    """The book that the consumer's loop reads and writes."""
    return ProfileBook(LeadStanding, schema=STATE_SCHEMA)
