"""How a child process is started so that it never outlives the one who started it."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypedDict

import psutil

_PR_SET_PDEATHSIG = 1
_LOG_LIMIT = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Command:
    """One program to run in the background.

    `env` is the whole environment. `uid` and `gid` are what to become when root must not run it.
    `death_signal` is what the kernel sends when the starting process is gone (Linux), `stop_signal`
    what asks it to stop.
    """

    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str]
    cwd: Path | None = None
    uid: int | None = None
    gid: int | None = None
    death_signal: signal.Signals = signal.SIGKILL
    stop_signal: signal.Signals = signal.SIGTERM


class SpawnOptions(TypedDict):
    """The keywords that `subprocess.Popen` and asyncio's counterpart share."""

    stdin: int
    stdout: IO[bytes]
    stderr: int
    env: Mapping[str, str]
    cwd: Path | None
    user: int | None
    group: int | None
    extra_groups: list[int] | None
    start_new_session: bool
    preexec_fn: Callable[[], None] | None


def dying_with_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """What the child runs before its program, so that the kernel ends it with its parent.

    Linux only: elsewhere only the watcher (`cuestream.stack.watcher`) does it. The kernel forgets
    the request when the user changes, so it is made after that change: subprocess calls this last.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)  # loaded here: the child may not load anything
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # the parent died between fork and the request
            os._exit(1)

    return ask


def spawn_options(command: Command, output: IO[bytes]) -> SpawnOptions:
    """A session of its own keeps the terminal's Ctrl-C from reaching a child before its turn."""
    return {
        "stdin": subprocess.DEVNULL,
        "stdout": output,
        "stderr": subprocess.STDOUT,
        "env": command.env,
        "cwd": command.cwd,
        "user": command.uid,
        "group": command.gid,
        "extra_groups": None if command.uid is None else [],
        "start_new_session": True,
        "preexec_fn": dying_with_parent(command.death_signal),
    }


def open_log(path: Path) -> IO[bytes]:
    """Append to a log; one that grew too large becomes `NAME.log.1` first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        path.replace(path.with_name(f"{path.name}.1"))
    return path.open("ab")


def spawn(command: Command) -> subprocess.Popen[bytes]:
    """Start the program; it dies with this process."""
    with open_log(command.log) as output:
        return subprocess.Popen(command.argv, **spawn_options(command, output))  # noqa: S603  our own argv


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log, for an error message."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16_384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])


def last_words(log: Path) -> str:
    """Why a process ended, as far as its last line says so, which a service writes as JSON."""
    last = last_lines(log, 1)
    try:
        said = json.loads(last)
    except ValueError:
        return last
    return str(said.get("detail", last)) if isinstance(said, dict) else last


def kill_group(pgid: int, number: signal.Signals = signal.SIGKILL) -> bool:
    """Signal a whole process group; False when nothing of it is left."""
    try:
        os.killpg(pgid, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # only zombies of another user are left (macOS says it this way)
        return False
    return True


def group_lives(pgid: int) -> bool:
    """True while a process of the group runs; one that is dead and not yet collected does not count."""
    for member in _members(pgid):
        try:
            if member.status() != psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            continue
    return False


def group_listens(pgid: int, port: int) -> bool:
    """True when it is a process of this group that listens on the port, or where that cannot be found out."""
    for member in _members(pgid):
        try:
            connections = member.net_connections("tcp")
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied:
            return True
        if any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections):
            return True
    return False


def _members(pgid: int) -> Iterator[psutil.Process]:
    for pid in psutil.pids():
        try:
            if os.getpgid(pid) == pgid:
                yield psutil.Process(pid)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
