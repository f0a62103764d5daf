"""The database, and in it one role and one schema per service, made with the wheel's `psql`."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from importlib.resources import files
from urllib.parse import quote, urlsplit, urlunsplit

from cuestream.failures import UnreachableError
from cuestream.settings import inherited_environment
from cuestream.stack.postgres.binaries import binary

SERVICES = ("ingest", "scoring", "orchestrator", "dispatcher")

_CREATE = r"""
SELECT format('CREATE DATABASE %I', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
"""


def roles_sql() -> str:
    """The psql script that makes roles and schemas in the current database; also used by compose."""
    return (files("cuestream.stack.postgres") / "roles.sql").read_text()


def create_database(
    owner_url: str, name: str, *, passwords: Mapping[str, str] | None = None
) -> str:
    """Make the database with its roles and schemas where missing; returns its owner's URL.

    `passwords` maps a service to its role's password, for a server that asks for one.
    """
    url = with_database(owner_url, name)
    if urlsplit(owner_url).path.lstrip("/") != name:
        run_psql(owner_url, _CREATE, name=name)
    run_psql(url, roles_sql(), passwords=passwords)
    return url


def drop_database(owner_url: str, name: str) -> None:
    """Remove a database together with whoever is connected to it."""
    run_psql(
        owner_url,
        "SELECT format('DROP DATABASE IF EXISTS %I WITH (FORCE)', :'name') \\gexec",
        name=name,
    )


def service_url(owner_url: str, service: str, password: str | None = None) -> str:
    """The URL by which a service's role reaches the same database."""
    parts = urlsplit(owner_url)
    address = parts.netloc.rpartition("@")[2]
    user = service if password is None else f"{service}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{user}@{address}"))


def with_database(url: str, name: str) -> str:
    """The same server and user, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def run_psql(
    url: str, script: str, *, name: str = "", passwords: Mapping[str, str] | None = None
) -> str:
    """Run a script and return what it prints.

    Raises:
        UnreachableError: the server is away or refuses a statement.
    """
    secrets = {
        f"CUESTREAM_{service.upper()}_PASSWORD": p for service, p in (passwords or {}).items()
    }
    argv = [str(binary("psql")), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]
    argv += ["--set=ON_ERROR_STOP=on", f"--set=name={name}", "--dbname", url, "--file=-"]
    done = subprocess.run(  # noqa: S603  our own argv
        argv,
        input=script,
        capture_output=True,
        text=True,
        check=False,
        env={**inherited_environment(), "PGCONNECT_TIMEOUT": "10", **secrets},
    )
    if done.returncode != 0:
        raise UnreachableError(f"PostgreSQL refused: {done.stderr.strip()}")
    return done.stdout.strip()
