"""The runtime's bookkeeping, one row a profile, and the index of who is at which step."""

from alembic import op

from common.postgres import profile_tables, runtime_tables

revision: str = "0001"
down_revision: str | None = None

ENROLLMENTS = """
CREATE TABLE enrollments (
    partition int NOT NULL,
    profile_id uuid NOT NULL,
    enrollment_id uuid NOT NULL,
    workspace text NOT NULL,
    playbook text NOT NULL,
    version text NOT NULL,
    step int NOT NULL,
    entered_at timestamptz NOT NULL,
    moved_at timestamptz NOT NULL,
    PRIMARY KEY (partition, profile_id, enrollment_id)
)
"""
BY_PLAYBOOK = "CREATE INDEX enrollments_by_playbook ON enrollments (workspace, playbook, version)"


def upgrade() -> None:
    """Create what the first version needs."""
    for statement in [*runtime_tables(), *profile_tables(), ENROLLMENTS, BY_PLAYBOOK]:
        op.execute(statement)
