"""Ids of more kinds, and of whom each was said."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """No rule of the database says which kinds there are: the workspace does."""
    op.execute("ALTER TABLE identities DROP CONSTRAINT identities_kind_check")
    op.execute("ALTER TABLE identities ADD COLUMN shared_by json")
    op.execute(
        "CREATE INDEX identities_shared ON identities (workspace) WHERE shared_by IS NOT NULL"
    )
