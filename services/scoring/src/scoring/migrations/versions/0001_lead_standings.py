"""The runtime's bookkeeping and one row a profile with its lead standing."""

from alembic import op

from common.postgres import profile_tables, runtime_tables

revision: str = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Create what the first version needs."""
    for statement in [*runtime_tables(), *profile_tables()]:
        op.execute(statement)
