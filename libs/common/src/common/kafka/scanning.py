"""Looks through a stretch of the log for certain records, for explanations: no group, no position, no end in sight of others."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from common.clock import monotonic
from common.errors import PermanentError, TransientError
from common.streaming.ports import Fetched, Place, Reader

SCAN_SECONDS = 20.0
"""A look that takes longer is cut short: somebody waits for the answer."""
_BATCH = 5_000
_WAIT = 0.2
_SILENT_POLLS = 10
"""So many empty polls also count as the end: compaction may have removed the last records before it."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What was found, per place in order; not `complete` where time ran out."""

    records: tuple[Fetched, ...]
    complete: bool


async def scan(
    reader: Reader,
    places: Collection[Place],
    wanted: Callable[[Fetched], bool],
    *,
    since: datetime | None = None,
    seconds: float = SCAN_SECONDS,
) -> Scanned:
    """The wanted records from `since` (None: the log's begin) to the end as it is now.

    Takes the reader over: what it read before is no longer assigned.

    Raises:
        TransientError: the log cannot be reached, or was trimmed under the look.
    """
    ends = await _assign(reader, places, since)
    give_up_at = monotonic() + seconds
    found: list[Fetched] = []
    silent = 0
    while ends and silent < _SILENT_POLLS and monotonic() < give_up_at:
        try:
            fetched = await reader.poll(_BATCH, _WAIT)
        except PermanentError as error:
            raise TransientError("log_trimmed", error.detail) from error
        silent = 0 if fetched else silent + 1
        found.extend(r for r in fetched if r.offset < ends.get(r.place, 0) and wanted(r))
        done = {r.place for r in fetched if r.offset + 1 >= ends.get(r.place, 0)}
        reader.pause(done)
        for place in done:
            ends.pop(place, None)
    return Scanned(tuple(found), complete=not ends or silent >= _SILENT_POLLS)


async def _assign(
    reader: Reader, places: Collection[Place], since: datetime | None
) -> dict[Place, int]:
    """Let the reader read what is to be looked at; returns the end of each place that is not empty."""
    bounds = await reader.bounds(places)
    starts = {place: bound.begin for place, bound in bounds.items()}
    if since is not None:
        later = await reader.offsets_since(places, since)
        starts = {place: max(start, later[place]) for place, start in starts.items()}
    ends = {place: bounds[place].end for place in places if starts[place] < bounds[place].end}
    await reader.assign({place: starts[place] for place in ends})
    reader.resume(ends)  # an earlier look has paused what it was done with
    return ends
