"""In which order the journaled batches of several partitions are folded again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping

from common.recovery.history import Entry, Journal


async def in_order(
    journal: Journal, partitions: Collection[int]
) -> AsyncIterator[Mapping[int, Entry]]:
    """Each transaction once: what it did, by partition.

    Where batches carry a draw (resolve, whose partitions share state), those with the same draw are one transaction, and
    they come in the order of the draws; a batch without one touched nothing that is shared. Else partitions are independent.
    """
    heads: dict[int, Entry] = {}
    for partition in sorted(partitions):
        await _advance(journal, heads, partition)
    while heads:
        alone = next((p for p, entry in heads.items() if entry.batch.draw is None), None)
        if alone is not None:
            yield {alone: heads[alone]}
            await _advance(journal, heads, alone)
            continue
        lowest = min(entry.batch.draw or 0 for entry in heads.values())
        together = {p: entry for p, entry in heads.items() if entry.batch.draw == lowest}
        yield together
        for partition in together:
            await _advance(journal, heads, partition)


async def _advance(journal: Journal, heads: dict[int, Entry], partition: int) -> None:
    entry = await journal.next(partition)
    if entry is None:
        heads.pop(partition, None)
    else:
        heads[partition] = entry
