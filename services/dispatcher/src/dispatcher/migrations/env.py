"""Alembic's entry: the library does the rest."""

from common.postgres.migration_env import run

run()
