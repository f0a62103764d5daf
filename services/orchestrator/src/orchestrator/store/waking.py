"""`Sleepers` on PostgreSQL: who has passages that a publication concerns, by the index of enrollments."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from uuid import UUID

from common.postgres import Database
from orchestrator.ports.waking import Crowd

_TURN = 0x6375_6577
"""The advisory lock of whose turn it is."""
_FIRST = UUID(int=0)

_VERSIONS = """
WITH RECURSIVE found (version) AS (
  SELECT min(version) FROM enrollments WHERE workspace = $1 AND playbook = $2
  UNION ALL
  SELECT (SELECT min(version) FROM enrollments
          WHERE workspace = $1 AND playbook = $2 AND version > found.version)
  FROM found WHERE found.version IS NOT NULL
)
SELECT version FROM found WHERE version IS NOT NULL
"""
"""From version to version by the index, however many passages each has."""
_RESTING = """
SELECT DISTINCT profile_id FROM enrollments
WHERE workspace = $1 AND playbook = $2 AND version = $3 AND profile_id > $4
  AND ($5::int[] IS NULL OR step = ANY($5))
ORDER BY profile_id LIMIT $6
"""
_HELD = """
SELECT DISTINCT profile_id FROM enrollments
WHERE held AND workspace = $1 AND playbook = $2 AND profile_id > $3
ORDER BY profile_id LIMIT $4
"""


class PostgresSleepers:
    """Reads only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def turn(self) -> AbstractAsyncContextManager[bool]:
        """By an advisory lock."""
        return self._database.turn(_TURN)

    async def versions(self, workspace: str, playbook: str) -> Sequence[str]:
        """The versions on which passages are under way, sorted."""
        rows = await self._database.fetch(_VERSIONS, workspace, playbook)
        return [row["version"] for row in rows]

    async def after(self, crowd: Crowd, last: UUID | None, at_most: int) -> Sequence[UUID]:
        """The next profiles of a crowd."""
        whose = (crowd.workspace, crowd.playbook)
        begin = last or _FIRST
        if crowd.version is None:
            rows = await self._database.fetch(_HELD, *whose, begin, at_most)
        else:
            steps = None if crowd.steps is None else list(crowd.steps)
            rows = await self._database.fetch(
                _RESTING, *whose, crowd.version, begin, steps, at_most
            )
        return [row["profile_id"] for row in rows]
