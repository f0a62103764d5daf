"""How far `dispatcher consume` has folded the contacts, for the sender beside it."""

from __future__ import annotations

from collections.abc import Mapping

from typing_extensions import override

from common.postgres import Database
from dispatcher.ports import CONTACTS, ContactPositions

_POSITIONS = """
SELECT partition, next_offset FROM positions WHERE loop = 'dispatcher.consume' AND topic = $1
"""


class PostgresContactPositions(ContactPositions):
    """Reads the bookkeeping of the other loop in the same schema."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    async def contact_positions(self) -> Mapping[int, int]:
        rows = await self._database.fetch(_POSITIONS, CONTACTS)
        return {row["partition"]: row["next_offset"] for row in rows}
