"""What a publication says of passages under way, and by which rows those whom it concerns are found."""

from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"

STATEMENTS = (
    """
    ALTER TABLE releases
      ADD COLUMN transitions jsonb NOT NULL DEFAULT '[]',
      ADD COLUMN paused text[] NOT NULL DEFAULT '{}',
      ADD COLUMN resumed jsonb NOT NULL DEFAULT '[]'
    """,
    "ALTER TABLE enrollments ADD COLUMN held boolean NOT NULL DEFAULT false",
    "DROP INDEX enrollments_by_playbook",
    "CREATE INDEX enrollments_by_version ON enrollments (workspace, playbook, version, profile_id)",
    "CREATE INDEX enrollments_held ON enrollments (workspace, playbook, profile_id) WHERE held",
)


def upgrade() -> None:
    """Add what the choices of a publication need."""
    for statement in STATEMENTS:
        op.execute(statement)
