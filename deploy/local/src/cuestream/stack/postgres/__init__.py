"""PostgreSQL 18 from a wheel, run in the foreground on the loopback address."""

from __future__ import annotations

from cuestream.stack.postgres.roles import SERVICES, create_database, service_url
from cuestream.stack.postgres.server import PostgresServer
from cuestream.stack.postgres.starter import RunningPostgres, start_postgres

__all__ = [
    "SERVICES",
    "PostgresServer",
    "RunningPostgres",
    "create_database",
    "service_url",
    "start_postgres",
]
