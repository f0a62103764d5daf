"""How far back the log goes, and what is said where that is not far enough."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from common.errors import PermanentError
from common.streaming.ports import Log, Place
from cuestream.failures import UsageError
from cuestream.whatif.folding import JOURNAL
from orchestrator.consumer import INPUTS

_SAID: Final[Mapping[str, str]] = {
    "no_journal": "Nothing was folded yet, so there is no past",
    "release_unknown": "What was in force then is no longer there",
}
_TOO_SHORT: Final = "The log does not reach back to where the customers’ states begin"
_KEPT: Final = "Activities and the journal are kept for 30 days, commands and handovers for 7; whoever wants more keeps them longer."


async def reaches_back_to(log: Log) -> datetime | None:
    """The latest of the first records' instants, of what no longer begins at its beginning; None: everything does.

    Raises:
        TransientError: the log cannot be reached.
    """
    places = [Place(topic, p) for topic in (JOURNAL, *INPUTS) for p in range(log.partitions)]
    async with log.reader() as reader:
        bounds = await reader.bounds(places)
        trimmed = {place: begin for place, (begin, end) in bounds.items() if 0 < begin < end}
        firsts = await reader.records_at(trimmed) if trimmed else {}
    return max((first.appended_at for first in firsts.values()), default=None)


def refusal(error: PermanentError, reach: datetime | None) -> UsageError:
    """Why nothing can be told, for people."""
    said = _SAID.get(error.reason, _TOO_SHORT)
    since = "" if reach is None else f", but to {reach:%Y-%m-%d %H:%M} UTC only"
    remedies = () if error.reason in _SAID else (_KEPT,)
    return UsageError(f"{said}{since} ({error.detail}).", *remedies)
