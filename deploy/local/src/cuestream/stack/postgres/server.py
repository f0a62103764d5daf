"""One PostgreSQL server: its folder, its settings and the command that runs it."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from cuestream.failures import UnreachableError
from cuestream.stack.launch import Command
from cuestream.stack.ports import LOOPBACK
from cuestream.stack.postgres.binaries import binary, hand_over, run_as

_SETTINGS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "jit": "off",  # our statements are short
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %q%u ",
}
# Whoever can reach the port may be a service; only the owner of the secret may be the superuser,
# who could run programs as the user of this stack.
_ACCESS = f"""\
host all postgres {LOOPBACK}/32 scram-sha-256
host all all {LOOPBACK}/32 trust
"""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """`data` holds `cluster/`, which is the server's own, and the superuser's password."""

    data: Path
    port: int
    log: Path

    @property
    def cluster(self) -> Path:
        return (self.data / "cluster").resolve()

    @property
    def is_initialized(self) -> bool:
        return self.cluster.exists()

    @property
    def url(self) -> str:
        """The superuser's URL; known after `prepare`."""
        password = self._password_file.read_text().strip()
        return f"postgresql://postgres:{password}@{LOOPBACK}:{self.port}/postgres"

    @property
    def _password_file(self) -> Path:
        return self.data / "superuser"

    def prepare(self) -> None:
        """Make the folder unless it is there; end what a killed server left behind.

        Raises:
            UnreachableError: the folder cannot be made.
        """
        self.data.mkdir(parents=True, exist_ok=True)
        if not self.is_initialized:
            self._initialize()
        end_leftovers(self.cluster)
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _initialize(self) -> None:
        """Made under another name first: a start that was killed half-way leaves no half cluster."""
        draft = self.cluster.with_name("cluster.new")
        shutil.rmtree(draft, ignore_errors=True)
        hand_over(draft)
        password = secrets.token_urlsafe(24)
        _write_private(self._password_file, password)
        _initdb(draft, password)
        (draft / "pg_hba.conf").write_text(_ACCESS)
        draft.replace(self.cluster)

    def command(self, env: Mapping[str, str]) -> Command:
        """What runs the server in the foreground."""
        as_whom = run_as(self.cluster)
        argv = [*as_whom.prefix, str(binary("postgres")), "-D", str(self.cluster)]
        argv += ["-p", str(self.port)]
        for name, value in _SETTINGS.items():
            argv += ["-c", f"{name}={value}"]
        return Command(
            argv=tuple(argv),
            log=self.log,
            env=env,
            cwd=Path("/"),
            uid=as_whom.uid,
            gid=as_whom.gid,
            death_signal=signal.SIGQUIT,  # ends its children too
            stop_signal=signal.SIGINT,  # does not wait for clients
        )

    def is_ready(self) -> bool:
        """True when it takes connections, recovery included."""
        argv = [str(binary("pg_isready")), "-q", "-h", LOOPBACK, "-p", str(self.port), "-t", "1"]
        argv += ["-U", "postgres", "-d", "postgres"]
        return subprocess.run(argv, check=False).returncode == 0  # noqa: S603  our own argv


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)


def _initdb(cluster: Path, password: str) -> None:
    given, as_whom = cluster.with_name("given"), run_as(cluster)
    _write_private(given, password)
    if as_whom.uid is not None and as_whom.gid is not None:
        os.chown(given, as_whom.uid, as_whom.gid)
    argv = [*as_whom.prefix, str(binary("initdb")), "--pgdata", str(cluster)]
    argv += ["--username=postgres", f"--pwfile={given}", "--auth=scram-sha-256"]
    argv += ["--encoding=UTF8", "--no-locale", "--no-instructions"]
    done = subprocess.run(  # noqa: S603  our own argv
        argv,
        user=as_whom.uid,
        group=as_whom.gid,
        extra_groups=None if as_whom.uid is None else [],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    given.unlink()
    if done.returncode != 0:
        raise UnreachableError(f"PostgreSQL could not make {cluster}: {done.stderr.strip()}")


def end_leftovers(cluster: Path) -> None:
    """Kill what still runs on this folder: a killed server's children may outlive it for a while.

    A server whose folder is not its working directory is another one, whatever its pid file says.
    """
    left = [
        process
        for process in psutil.process_iter(["name", "cwd"])
        if process.info["name"] == "postgres" and process.info["cwd"] == str(cluster)
    ]
    for process in left:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(left, timeout=5)
