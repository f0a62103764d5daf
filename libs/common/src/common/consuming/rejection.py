"""Finds the states that a database does not take, by halves, so that one profile's does not stop a partition."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import TypeVar

from common.errors import PermanentError
from common.streaming.model import Book, Sheet, Transaction

S = TypeVar("S")


async def rejected(tx: Transaction, book: Book[S], sheet: Sheet[S]) -> dict[Hashable, str]:
    """Which entries cannot be saved, and why; what can be is written into the transaction."""
    changed = [key for key, entry in sheet.entries.items() if entry.changed]
    return await _halved(tx, book, sheet, changed)


async def _halved(
    tx: Transaction, book: Book[S], sheet: Sheet[S], keys: Sequence[Hashable]
) -> dict[Hashable, str]:
    try:
        async with tx.savepoint():
            await book.save(tx, replace(sheet, entries={key: sheet.entries[key] for key in keys}))
    except PermanentError as error:
        if len(keys) == 1:
            return {keys[0]: f"{error.reason} {error.detail}".strip()[:300]}
    else:
        return {}
    middle = len(keys) // 2
    return {
        **await _halved(tx, book, sheet, keys[:middle]),
        **await _halved(tx, book, sheet, keys[middle:]),
    }
