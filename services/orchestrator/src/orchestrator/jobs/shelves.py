"""Beside the loop: tells those who looked at a product that it costs less, or is there again."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Final
from uuid import UUID

import structlog

from common.clock import Clock
from common.contracts.catalog import ProductChanged
from common.contracts.decisions import ShelfChange, ShelfNoticed
from common.errors import TransientError
from common.ids import derive
from common.streaming.ports import Outgoing, Place, Publisher
from orchestrator.ports.commands import TOPIC, Command
from orchestrator.ports.shelves import CatalogFeed, Item, Notice, Shelf

log = structlog.get_logger(__name__)

SOURCE: Final = "/cuestream/orchestrator/shelves"
AT_ONCE: Final = 500
"""Profiles told with one append to each partition."""
BREATH: Final = 0.05
"""Seconds between two such rows: what happens to customers meanwhile finds its way between them."""
AGAIN: Final = 5.0
"""Seconds between two tries where it is another process's turn, or something is out of reach."""


class Shelves:
    """Holds each product against how it was noticed last, tells whom a change concerns, and then remembers it.

    Who dies in between tells it again: each profile's fold knows the version that it heard of, and hears nothing twice.
    """

    def __init__(
        self,
        shelf: Shelf,
        feed: CatalogFeed,
        publisher: Publisher,
        partition_for: Callable[[str, bytes], int],
        clock: Clock,
    ) -> None:
        self._shelf = shelf
        self._feed = feed
        self._publisher = publisher
        self._partition_for = partition_for
        self._clock = clock

    async def run(self) -> None:
        """Follow the catalog until cancelled, one process at a time."""
        while True:
            try:
                async with self._shelf.turn() as mine:
                    if mine:
                        async for notices in self._feed.follow():
                            await self.take(notices)
            except TransientError as error:
                log.warning("shelves_interrupted", reason=error.reason, detail=error.detail)
            await asyncio.sleep(AGAIN)

    async def take(self, notices: Sequence[Notice]) -> None:
        """Tell what is new of these products, and remember them.

        Raises:
            TransientError: something is out of reach; some may have been told, and are told again.
        """
        by_workspace: defaultdict[str, dict[str, ProductChanged]] = defaultdict(dict)
        for notice in notices:
            products = by_workspace[notice.workspace]
            known = products.get(notice.product.product_id)
            if known is None or known.version < notice.product.version:
                products[notice.product.product_id] = notice.product
        for workspace, products in sorted(by_workspace.items()):
            before = await self._shelf.known(workspace, products)
            newer = [
                product
                for name, product in sorted(products.items())
                if name not in before or before[name].version < product.version
            ]
            for product in newer:
                for noticed in _changes(before.get(product.product_id), product):
                    await self._tell(workspace, noticed)
            await self._shelf.keep(workspace, [Item.of(product) for product in newer])

    async def _tell(self, workspace: str, noticed: ShelfNoticed) -> None:
        told, last = 0, None
        while people := await self._shelf.interested(workspace, noticed.product_id, last, AT_ONCE):
            last = people[-1]
            records: defaultdict[int, list[Outgoing]] = defaultdict(list)
            for profile in people:
                partition = self._partition_for(TOPIC, str(profile).encode())
                records[partition].append(self._word(workspace, profile, noticed))
            for partition, row in records.items():
                await self._publisher.publish(Place(TOPIC, partition), row)
            told += len(people)
            await asyncio.sleep(BREATH)
        if told:
            log.info("shelf_noticed", change=noticed.change, count=told)

    def _word(self, workspace: str, profile: UUID, noticed: ShelfNoticed) -> Outgoing:
        product, version = noticed.product_id, noticed.version
        identity = derive("shelf", workspace, profile, product, noticed.change, version)
        return Command(identity, workspace, profile, noticed).record(SOURCE, self._clock())


def _changes(before: Item | None, product: ProductChanged) -> Iterator[ShelfNoticed]:
    """What is better than it was; of a product that nobody knew, nothing is."""
    if before is None:
        return
    now = Item.of(product)
    old, new = before.price, now.price
    if (
        old is not None
        and new is not None
        and old.currency == new.currency
        and new.amount < old.amount
        and now.orderable
    ):
        yield _noticed("price_drop", product, before)
    if now.orderable and not before.orderable:
        yield _noticed("back_in_stock", product, before)


def _noticed(change: ShelfChange, product: ProductChanged, before: Item) -> ShelfNoticed:
    return ShelfNoticed(
        change=change,
        product_id=product.product_id,
        version=product.version,
        name=product.name or "",
        url=product.url,
        picture=product.picture,
        price=product.price,
        before=before.price,
    )
