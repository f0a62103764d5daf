"""A real PostgreSQL for as long as a `with` block lasts: for tests and benches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from typing_extensions import override

from cuestream.settings import inherited_environment
from cuestream.stack.foreground import Foreground
from cuestream.stack.ports import free_port
from cuestream.stack.postgres.server import PostgresServer


class RunningPostgres(Foreground):
    """A server that can be killed and started again on the same port and data."""

    def __init__(self, server: PostgresServer) -> None:
        server.prepare()
        super().__init__("PostgreSQL", server.command(inherited_environment()))
        self.url = server.url
        self._server = server

    @override
    def is_ready(self) -> bool:
        return self._server.is_ready()

    @override
    def start(self, *, timeout: float = 60.0) -> None:
        self._server.prepare()
        super().start(timeout=timeout)


@contextmanager
def start_postgres(data: Path, port: int | None = None) -> Iterator[RunningPostgres]:
    """Run a server on `data` (kept afterwards), on a free port unless one is named.

    Raises:
        UnreachableError: the programs are missing, or the server did not come up.
    """
    server = PostgresServer(data, port or free_port(), data / "postgres.log")
    with RunningPostgres(server) as postgres:
        yield postgres
