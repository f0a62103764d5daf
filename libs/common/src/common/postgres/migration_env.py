"""What every service's `migrations/env.py` runs: the migrations on the connection that `migrate` opened."""

from __future__ import annotations

from alembic import context


def run() -> None:
    """Run the migrations in the caller's transaction, with the version table in the service's own schema."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection, version_table_schema=context.config.attributes["schema"]
    )
    with context.begin_transaction():
        context.run_migrations()
