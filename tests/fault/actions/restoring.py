"""PostgreSQL set back to a backup that was taken under load, and brought forward again."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from random import Random
from typing import Final

from tests.fault.actions.stack import Stack

NOTICED_SECONDS: Final = 60.0
RECOVERY_SECONDS: Final = 300.0
_CLUSTER: Final = "cluster"
"""PostgreSQL's data, below the stack's folder for it."""


def database_restored(stack: Stack, chance: Random) -> str:
    """A backup taken under load; work goes on; then the backup is put in place, and `cuestream recover` brings it forward.

    The loops must notice by themselves, whether they were running or are started after, and none may work on it before.
    """
    backup = stack.data / "backup"
    take_backup(stack, backup)
    meanwhile = chance.uniform(8.0, 12.0)
    stack.pause(meanwhile)
    put_back(stack, backup)
    stack.until("the restore is noticed", lambda: noticed(stack), NOTICED_SECONDS)
    told = stack.cuestream("recover", "--json", seconds=RECOVERY_SECONDS)
    return f"set back by {meanwhile:.0f} s, {told.strip()}"


def take_backup(stack: Stack, backup: Path) -> None:
    """As a base backup is taken: the files while they change, then the log that makes them whole."""
    cluster, copy = (shlex.quote(str(path)) for path in (_cluster(stack), backup))
    stack.psql(
        f"""
        SELECT pg_backup_start('cuestream', true);
        \\! cp -a {cluster} {copy} && rm -rf {copy}/pg_wal {copy}/postmaster.pid
        SELECT labelfile FROM pg_backup_stop() \\g {backup}/backup_label
        \\! cp -a {cluster}/pg_wal {copy}/pg_wal && chown --reference={cluster}/PG_VERSION {copy}/backup_label
        """  # noqa: S608 - paths of our own
    )
    assert (backup / "backup_label").stat().st_size


def put_back(stack: Stack, backup: Path) -> None:
    """What was committed since is gone."""
    stack.stop("postgres")
    shutil.rmtree(_cluster(stack))
    backup.rename(_cluster(stack))
    stack.start("postgres")


def noticed(stack: Stack) -> bool:
    """Every process that owns partitions has refused the database."""
    return all(b"database_restored" in stack.layout.log(name).read_bytes() for name in stack.owners)


def _cluster(stack: Stack) -> Path:
    return stack.layout.postgres / _CLUSTER
