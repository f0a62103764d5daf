"""Where lead standings are kept: one row a profile in scoring's own schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from common.merging import Kept
from common.postgres import ProfileBook
from common.postgres.book import Upgrade
from scoring.domain.lead_score import LeadStanding

SCHEMA: Final = "scoring"
STATE_SCHEMA: Final = 2
"""Raise it with each change of what is kept that an old row cannot be read as, and add the upgrade."""
UPGRADES: Final[Mapping[int, Upgrade]] = {
    # Until then a row was the standing alone: nobody knew of merges.
    1: lambda standing: {"state": standing},
}


def lead_book() -> ProfileBook[Kept[LeadStanding]]:
    """The book that the consumer's loop reads and writes."""
    return ProfileBook(Kept[LeadStanding], schema=STATE_SCHEMA, upgrades=UPGRADES)
