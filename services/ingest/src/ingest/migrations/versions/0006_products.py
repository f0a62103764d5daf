"""The catalog: what was said of each product."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """What was said before stays in the raw topic for as long as that is kept; say it again."""
    op.execute(
        """
        CREATE TABLE products (
            workspace text NOT NULL,
            product_id text NOT NULL,
            version int NOT NULL,
            record json NOT NULL,
            PRIMARY KEY (workspace, product_id)
        ) WITH (fillfactor = 80)
        """
    )
