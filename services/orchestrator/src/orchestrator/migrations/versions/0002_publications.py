"""What was published: contents by hash, releases by workspace, and who did it."""

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"

STATEMENTS = (
    """
    CREATE TABLE contents (
        key text PRIMARY KEY,
        kind text NOT NULL,
        name text NOT NULL,
        hash text NOT NULL,
        files jsonb NOT NULL,
        published_at timestamptz NOT NULL,
        acknowledged_at timestamptz
    )
    """,
    """
    CREATE TABLE releases (
        workspace text NOT NULL,
        number int NOT NULL CHECK (number > 0),
        contents text[] NOT NULL,
        live boolean NOT NULL,
        published_at timestamptz NOT NULL,
        published_by text NOT NULL,
        acknowledged_at timestamptz,
        PRIMARY KEY (workspace, number)
    )
    """,
    """
    CREATE TABLE audit (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL,
        who text NOT NULL,
        what text NOT NULL,
        detail jsonb NOT NULL
    )
    """,
    "CREATE INDEX contents_to_announce ON contents (published_at) WHERE acknowledged_at IS NULL",
    "CREATE INDEX releases_to_announce ON releases (published_at) WHERE acknowledged_at IS NULL",
)


def upgrade() -> None:
    """Create the only tables that an api writes."""
    for statement in STATEMENTS:
        op.execute(statement)
