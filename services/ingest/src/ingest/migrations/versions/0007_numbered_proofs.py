"""What else one event says of the same purpose."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """A webhook may say yes and no of one purpose, and a banner stand beside a confirmation: each has a row."""
    op.execute(
        """
        ALTER TABLE consents
            ADD COLUMN number int NOT NULL DEFAULT 0,
            DROP CONSTRAINT consents_pkey,
            ADD PRIMARY KEY (workspace, profile_id, proof_id, channel, purpose, step, number)
        """
    )
