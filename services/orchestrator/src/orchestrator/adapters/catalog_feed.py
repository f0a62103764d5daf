"""`CatalogFeed` on the log: the compacted topic whole, then what is appended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from common.contracts.catalog import ProductChanged
from common.errors import PermanentError
from common.streaming.model import Record
from common.streaming.ports import Log, Place
from orchestrator.adapters.history import decoded
from orchestrator.ports.shelves import Notice

TOPIC = "catalog.products"
_BATCH = 500
_WAIT = 0.5


class KafkaCatalogFeed:
    """Reads `catalog.products`; what cannot be read is somebody else's."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def follow(self) -> AsyncIterator[Sequence[Notice]]:
        """From the begin: there is one record a product, and what is known already changes nothing."""
        places = [Place(TOPIC, partition) for partition in range(self._log.partitions)]
        async with self._log.reader() as reader:
            bounds = await reader.bounds(places)
            await reader.assign({place: bound.begin for place, bound in bounds.items()})
            while True:
                fetched = [one for one in await reader.poll(_BATCH, _WAIT) if one.value is not None]
                notices = [notice for one in decoded(fetched) if (notice := _notice(one))]
                if notices:
                    yield notices


def _notice(record: Record) -> Notice | None:
    if record.event.type != ProductChanged.TYPE:
        return None
    try:
        return Notice(record.workspace, record.event.payload(ProductChanged))
    except PermanentError:
        return None
