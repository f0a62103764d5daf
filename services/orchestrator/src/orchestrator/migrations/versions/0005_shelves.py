"""What products cost and whether they can be ordered, as was noticed last; and who looked at which."""

from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"

STATEMENTS = (
    """
    CREATE TABLE shelf (
        workspace text NOT NULL,
        product_id text NOT NULL,
        version bigint NOT NULL,
        amount bigint,
        currency text,
        orderable boolean NOT NULL,
        PRIMARY KEY (workspace, product_id)
    )
    """,
    """
    CREATE TABLE interests (
        partition int NOT NULL,
        profile_id uuid NOT NULL,
        workspace text NOT NULL,
        product_id text NOT NULL,
        PRIMARY KEY (partition, profile_id, product_id)
    )
    """,
    "CREATE INDEX interests_by_product ON interests (workspace, product_id, profile_id)",
)


def upgrade() -> None:
    """Add both; nothing is written to the second before a playbook begins with what happens on the shelf."""
    for statement in STATEMENTS:
        op.execute(statement)
