"""Companies that people buy for."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Who belongs to one is noted with the people."""
    op.execute(
        """
        CREATE TABLE accounts (
            workspace text NOT NULL,
            account_id text NOT NULL,
            record json NOT NULL,
            PRIMARY KEY (workspace, account_id)
        )
        """
    )
