"""Tells a database that somebody else owns now from one that was set back to a backup."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from common.errors import PermanentError
from common.streaming.ports import FencedError, Standing


def refuse_set_back(known: Collection[Standing], fresh: Mapping[int, Standing]) -> None:
    """Compare what was loaded anew with what was committed before.

    Raises:
        FencedError: an epoch is no longer mine.
        PermanentError: `database_restored`, a backup was put in its place meanwhile.
    """
    for mine in known:
        now = fresh.get(mine.partition)
        if now is None or (now.epoch, now.batch) < (mine.epoch, mine.batch):
            detail = f"batch {mine.batch} of partition {mine.partition} is gone from the database"
            raise PermanentError("database_restored", f"{detail}: run cuestream recover")
    lost = [mine.partition for mine in known if fresh[mine.partition].epoch != mine.epoch]
    if lost:
        raise FencedError(lost)
