"""`Roster` on PostgreSQL: the index of enrollments, and the customers' views as the folds left them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from common.customer import Customer
from common.postgres import Database
from orchestrator.ports.publication import UnderWay
from orchestrator.ports.roster import Cursor, Guest, Place
from orchestrator.store.journeys import JourneyBook

_UNDER_WAY = """
SELECT workspace, playbook, version, step, count(*) FILTER (WHERE held) AS held, count(*) AS count
FROM enrollments WHERE $1::text IS NULL OR workspace = $1
GROUP BY workspace, playbook, version, step ORDER BY workspace, playbook, version, step
"""
_GUESTS = """
SELECT profile_id, enrollment_id, version, step, entered_at, moved_at, held FROM enrollments
WHERE workspace = $1 AND playbook = $2 AND version = $3 AND (profile_id, enrollment_id) > ($4, $5)
  AND ($6::int IS NULL OR step = $6)
ORDER BY profile_id, enrollment_id LIMIT $7
"""
_CUSTOMERS = """
SELECT partition, profile_id, schema, state FROM profiles
WHERE workspace = $1 AND (partition, profile_id) > ($2, $3)
ORDER BY partition, profile_id LIMIT $4
"""
_FIRST = (UUID(int=0), UUID(int=0))
_BEFORE_ALL = Place(-1, UUID(int=0))


class PostgresRoster:
    """Reads only."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._book = JourneyBook()

    async def under_way(self, workspace: str | None) -> Sequence[UnderWay]:
        """Counts by step."""
        rows = await self._database.fetch(_UNDER_WAY, workspace)
        return [UnderWay(*row.values()) for row in rows]

    async def guests(
        self,
        workspace: str,
        playbook: str,
        *,
        version: str,
        step: int | None,
        after: Cursor | None,
        at_most: int,
    ) -> Sequence[Guest]:
        """Row by row."""
        rows = await self._database.fetch(
            _GUESTS, workspace, playbook, version, *(after or _FIRST), step, at_most
        )
        return [Guest(*row.values()) for row in rows]

    async def customers(
        self, workspace: str, after: Place | None, at_most: int
    ) -> Sequence[tuple[Place, Customer | None]]:
        """A page by the primary key; None: that one is merged into another."""
        begin = after or _BEFORE_ALL
        rows = await self._database.fetch(
            _CUSTOMERS, workspace, begin.partition, begin.profile_id, at_most
        )
        found: list[tuple[Place, Customer | None]] = []
        for row in rows:
            kept = self._book.state_of(row["schema"], row["state"])
            customer = None if kept.state is None else kept.state.customer
            found.append((Place(row["partition"], row["profile_id"]), customer))
        return found
