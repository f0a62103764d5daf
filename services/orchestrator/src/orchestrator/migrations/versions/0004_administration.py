"""Keys of the admin api with scopes; who used which is in the audit."""

from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"

STATEMENTS = (
    """
    CREATE TABLE admin_keys (
        name text PRIMARY KEY,
        sha256 text NOT NULL UNIQUE,
        scopes text[] NOT NULL,
        created_at timestamptz NOT NULL,
        created_by text NOT NULL,
        revoked_at timestamptz
    )
    """,
    "CREATE INDEX audit_by_time ON audit (at DESC, id DESC)",
)


def upgrade() -> None:
    """Add the keys."""
    for statement in STATEMENTS:
        op.execute(statement)
