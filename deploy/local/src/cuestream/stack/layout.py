"""What lies where in the folder of a local stack, and who holds it."""

from __future__ import annotations

import fcntl
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec

from cuestream.failures import UsageError


class Running(msgspec.Struct, frozen=True):
    """How to reach the supervisor that holds a folder."""

    pid: int
    control_port: int
    token: str


class Keys(msgspec.Struct, frozen=True):
    """The secrets of one stack, made once."""

    admin_key: str
    token_secret: str
    database_password: str

    @property
    def admin_key_sha256(self) -> str:
        return sha256(self.admin_key.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Layout:
    """The folder given by `--data`."""

    root: Path

    @property
    def kafka(self) -> Path:
        return self.kafka_node(1)

    def kafka_node(self, number: int) -> Path:
        """Where one of Kafka's nodes keeps its data."""
        return self.root / node_name(number)

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def mails(self) -> Path:
        return self.root / "mails"

    def log(self, name: str) -> Path:
        """Where a process writes what it prints."""
        return self.root / "logs" / f"{name}.log"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be the only stack of this folder; the kernel lets go when the process ends, however.

        Raises:
            UsageError: another one runs.
        """
        self._make()
        with self._pid_file.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UsageError(
                    f"A stack is already running in {self.root}.",
                    "See it with `cuestream status`, end it with `cuestream down`.",
                    "Or choose another folder with --data.",
                ) from error
            try:
                yield
            finally:
                self._running_file.unlink(missing_ok=True)
                file.truncate(0)

    def announce(self, running: Running) -> None:
        """Tell other commands how to reach the supervisor."""
        self._pid_file.write_text(f"{running.pid}\n")
        _write_private(self._running_file, msgspec.json.encode(running))

    def running(self) -> Running | None:
        """The supervisor that holds this folder, or None; one that was killed holds nothing."""
        if not self._pid_file.exists() or not self._running_file.exists():
            return None
        with self._pid_file.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return msgspec.json.decode(self._running_file.read_bytes(), type=Running)
        return None

    def keys(self) -> Keys:
        """The secrets, made at the first call; readable by this user only."""
        path = self.root / "keys.json"
        if not path.exists():
            self._make()
            made = Keys(f"cs_a_{_secret()}", _secret(), _secret())
            _write_private(path, msgspec.json.encode(made))
        return msgspec.json.decode(path.read_bytes(), type=Keys)

    def last_ports(self) -> dict[str, int]:
        """Which port each process had the last time, so that addresses rarely change."""
        path = self.root / "ports.json"
        return msgspec.json.decode(path.read_bytes(), type=dict[str, int]) if path.exists() else {}

    def remember_ports(self, ports: Mapping[str, int]) -> None:
        """Keep them for the next start."""
        (self.root / "ports.json").write_text(json.dumps(dict(ports)))

    def _make(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        ignored = self.root / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n")

    @property
    def _pid_file(self) -> Path:
        return self.root / "cuestream.pid"

    @property
    def _running_file(self) -> Path:
        return self.root / "running.json"


def node_name(number: int) -> str:
    """What `status` calls one of Kafka's nodes, counted from 1."""
    return numbered("kafka", number)


def numbered(name: str, number: int) -> str:
    """The first of its like has the plain name."""
    return name if number == 1 else f"{name}-{number}"


def _secret() -> str:
    return secrets.token_urlsafe(32)


def _write_private(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    draft.replace(path)
