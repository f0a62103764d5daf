"""What proves a double opt-in, and which source said so."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """One event may be half of a double opt-in and the grant that follows, so both have a row."""
    op.execute(
        """
        ALTER TABLE consents
            ADD COLUMN step text NOT NULL DEFAULT '',
            ADD COLUMN source text,
            ADD COLUMN requested_at timestamptz,
            ADD COLUMN confirmed_at timestamptz,
            DROP CONSTRAINT consents_pkey,
            ADD PRIMARY KEY (workspace, profile_id, proof_id, channel, purpose, step)
        """
    )
