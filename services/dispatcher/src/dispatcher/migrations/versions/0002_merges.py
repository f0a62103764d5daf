"""Merged profiles: whose recipient a profile's is now."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

CHANGES = [
    # The partition beside the profile, because recipients are found by both.
    """
    ALTER TABLE recipients
        ADD COLUMN merged_into uuid,
        ADD COLUMN merged_partition int,
        ADD CONSTRAINT merged_whole CHECK ((merged_into IS NULL) = (merged_partition IS NULL)),
        ADD CONSTRAINT merged_holds_nothing CHECK (merged_into IS NULL OR (snapshot IS NULL AND email_hash IS NULL))
    """,
    # Locking an address writes its row: with room beside it, its index is left alone.
    "ALTER TABLE addresses SET (fillfactor = 70)",
]


def upgrade() -> None:
    """Old processes go on writing rows as they did: the new columns may be left out."""
    for statement in CHANGES:
        op.execute(statement)
