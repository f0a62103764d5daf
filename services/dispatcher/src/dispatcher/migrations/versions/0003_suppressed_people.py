"""People who must not be written to by whatever address, and who of the merged became them."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

CHANGES = [
    """
    CREATE TABLE suppressed_people (
        workspace text NOT NULL,
        profile_id uuid NOT NULL,
        reason text NOT NULL,
        transactional boolean NOT NULL,
        PRIMARY KEY (workspace, profile_id)
    )
    """,
    # Who was suppressed under another name is found from the one it has become.
    "CREATE INDEX recipients_merged ON recipients (merged_into) WHERE merged_into IS NOT NULL",
]


def upgrade() -> None:
    """Old processes know nothing of it and go on as they did."""
    for statement in CHANGES:
        op.execute(statement)
