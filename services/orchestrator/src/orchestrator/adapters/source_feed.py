"""`SourceFeed` on the log: the compacted topic whole, then what is appended, for as long as the process lives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import structlog

from common.consuming import Record
from common.errors import CuestreamError
from common.streaming.ports import Log, Place
from orchestrator.adapters.history import decoded

log = structlog.get_logger(__name__)

REPORTS = Place("ingest.sources", 0)
_BATCH = 500
_WAIT = 0.5
_PAUSE = 1.0


class KafkaSourceFeed:
    """Reads `ingest.sources`."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def follow(self) -> AsyncIterator[Sequence[Record]]:
        """From the begin, and after an outage from the begin again: the topic is small, and a report says all anew."""
        while True:
            try:
                async with self._log.reader() as reader:
                    bounds = await reader.bounds([REPORTS])
                    await reader.assign({REPORTS: bounds[REPORTS].begin})
                    while True:
                        if fetched := await reader.poll(_BATCH, _WAIT):
                            yield list(decoded(fetched))
            except CuestreamError as error:
                log.warning("sources_interrupted", reason=error.reason)
                await asyncio.sleep(_PAUSE)
