"""Real Kafka and PostgreSQL for test suites, and one way to say that a test could not run here.

Loaded by `-p cuestream.stack.pytest_plugin` in the repository's pytest settings. Brokers start at the
first test that asks for them and serve the whole session, so tests must not depend on empty ones: use
topic names of their own, and `database` for a fresh database.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from common.ids import derive
from cuestream.failures import UnreachableError
from cuestream.settings import LocalSettings, SuiteSettings
from cuestream.stack.kafka import start_kafka
from cuestream.stack.postgres import SERVICES, create_database, service_url, start_postgres
from cuestream.stack.postgres.roles import drop_database

_PREFIX = "not run here: "


def require(tool: str, reason: str) -> NoReturn:
    """Say that this test's tool cannot be had: listed at the end, or a failure where all is required."""
    message = f"{_PREFIX}{tool}: {reason}"
    if SuiteSettings().require == "all":
        pytest.fail(message)
    pytest.skip(message)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List what could not run here; an incomplete run must not look like a complete one."""
    missing = sorted(
        f"{report.nodeid}: {reason.partition(_PREFIX)[2]}"
        for report in terminalreporter.getreports("skipped")
        if _PREFIX in (reason := _reason(report))
    )
    if missing:
        terminalreporter.section("not run here")
        for line in missing:
            terminalreporter.line(line)


def _reason(report: pytest.TestReport) -> str:
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else ""


@dataclass(frozen=True, slots=True)
class Database:
    """A database of one test, with the services' roles and empty schemas."""

    url: str
    """The owner's."""

    def of(self, service: str) -> str:
        """The URL for a service's own role; its search path is its schema."""
        return service_url(self.url, service, password=service)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cuestream-") as name:
        Path(name).chmod(0o711)  # PostgreSQL may run as another user
        yield Path(name)


def _containers() -> bool:
    if SuiteSettings().stack != "containers":
        return False
    from cuestream.stack.containers import engine_answers  # noqa: PLC0415  only where asked for

    return engine_answers()


@contextmanager
def _kafka() -> Iterator[str]:
    given = LocalSettings().kafka_bootstrap_servers
    with ExitStack() as stack:
        if given is not None:
            yield given
        elif _containers():
            from cuestream.stack.containers import kafka_container  # noqa: PLC0415  as above

            yield stack.enter_context(kafka_container())
        else:
            yield stack.enter_context(start_kafka(stack.enter_context(_folder()))).bootstrap


@contextmanager
def _postgres() -> Iterator[str]:
    given = LocalSettings().database_url
    with ExitStack() as stack:
        if given is not None:
            yield given
        elif _containers():
            from cuestream.stack.containers import postgres_container  # noqa: PLC0415  as above

            yield stack.enter_context(postgres_container())
        else:
            yield stack.enter_context(start_postgres(stack.enter_context(_folder()))).url


@pytest.fixture(scope="session")
def kafka_bootstrap() -> Iterator[str]:
    """The address (host:port) of a real Kafka that lives as long as the session."""
    with ExitStack() as stack:
        try:
            bootstrap = stack.enter_context(_kafka())
        except UnreachableError as error:
            require("Kafka", error.message)
        yield bootstrap


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The owner's URL of a real PostgreSQL that lives as long as the session."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(_postgres())
        except UnreachableError as error:
            require("PostgreSQL", error.message)
        yield url


@pytest.fixture
def database(postgres_url: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A fresh database for one test, with every service's role and empty schema; dropped afterwards."""
    name = f"test_{derive(request.node.nodeid).hex[:16]}"
    drop_database(postgres_url, name)  # of a run that was killed
    url = create_database(postgres_url, name, passwords={service: service for service in SERVICES})
    yield Database(url)
    drop_database(postgres_url, name)
