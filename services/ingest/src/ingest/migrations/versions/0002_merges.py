"""Where a merged profile leads, and when something last came for each."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Rows from before have met no merge, and what came for them is long folded everywhere."""
    op.execute("ALTER TABLE profiles ADD COLUMN merged_into uuid, ADD COLUMN now timestamptz")
    op.execute(
        "CREATE INDEX profiles_merged ON profiles (workspace, merged_into) WHERE merged_into IS NOT NULL"
    )
