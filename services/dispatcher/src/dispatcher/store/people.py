"""Who must not be written to, under whatever name it was said."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast
from uuid import UUID

from common.consuming import Transaction
from dispatcher.domain.gate import PersonStop
from dispatcher.store.rows import Row, plain


async def suppressed_people(
    tx: Transaction, profiles: Collection[UUID]
) -> dict[tuple[str, UUID], PersonStop]:
    """By workspace and profile, those of them who were suppressed themselves or as somebody merged into them."""
    if not profiles:
        return {}
    rows = cast("list[Row]", await tx.fetch(_SUPPRESSED, sorted(profiles)))
    return {
        (row["workspace"], plain(row["asked"])): PersonStop(transactional=row["transactional"])
        for row in rows
    }


# UNION, not UNION ALL: of a circle of merges every profile is met once.
_SUPPRESSED = """
WITH RECURSIVE names (asked, profile_id) AS (
    SELECT asked, asked FROM unnest($1::uuid[]) AS wanted (asked)
    UNION
    SELECT names.asked, r.profile_id FROM names JOIN recipients r ON r.merged_into = names.profile_id
)
SELECT s.workspace, names.asked, bool_or(s.transactional) AS transactional
FROM names JOIN suppressed_people s USING (profile_id)
GROUP BY s.workspace, names.asked
"""
