"""`Administration` on PostgreSQL: keys by their hashes, and the audit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from common.errors import PermanentError
from common.postgres import Database
from orchestrator.ports.administration import AdminKey, Deed

_KEY = "SELECT * FROM admin_keys WHERE sha256 = $1 AND revoked_at IS NULL"
_KEYS = "SELECT * FROM admin_keys ORDER BY name"
_CREATE = """
INSERT INTO admin_keys (name, sha256, scopes, created_at, created_by)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""
_REVOKE = "UPDATE admin_keys SET revoked_at = $2 WHERE name = $1 AND revoked_at IS NULL"
_NOTE = "INSERT INTO audit (at, who, what, detail) VALUES ($1, $2, $3, $4::jsonb)"
_DEEDS = """
SELECT at, who, what, detail FROM audit
WHERE $1::timestamptz IS NULL OR at < $1 ORDER BY at DESC, id DESC LIMIT $2
"""


class PostgresAdministration:
    """The tables `admin_keys` and `audit`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def key(self, sha256: str) -> AdminKey | None:
        """The key with that hash, unless it was revoked."""
        row = await self._database.fetchrow(_KEY, sha256)
        return None if row is None else _key(row)

    async def keys(self) -> Sequence[AdminKey]:
        """All, by name."""
        return [_key(row) for row in await self._database.fetch(_KEYS)]

    async def create(self, key: AdminKey) -> None:
        """Keep it, and who made it."""
        row = (key.name, key.sha256, list(key.scopes), key.created_at, key.created_by)
        async with self._database.transaction() as tx:
            if await tx.execute(_CREATE, *row) != "INSERT 0 1":
                raise PermanentError("key_exists", f"there is, or was, a key {key.name}")
            detail = {"name": key.name, "scopes": list(key.scopes)}
            await tx.execute(
                _NOTE, key.created_at, key.created_by, "key.created", json.dumps(detail)
            )

    async def revoke(self, name: str, *, by: str, at: datetime) -> bool:
        """End it, and who did."""
        async with self._database.transaction() as tx:
            if await tx.execute(_REVOKE, name, at) != "UPDATE 1":
                return False
            await tx.execute(_NOTE, at, by, "key.revoked", json.dumps({"name": name}))
        return True

    async def note(self, deed: Deed) -> None:
        """Add to the audit."""
        detail = json.dumps(dict(deed.detail))
        async with self._database.transaction() as tx:
            await tx.execute(_NOTE, deed.at, deed.who, deed.what, detail)

    async def deeds(self, before: datetime | None, at_most: int) -> Sequence[Deed]:
        """The audit, the newest first."""
        rows = await self._database.fetch(_DEEDS, before, at_most)
        return [Deed(row["at"], row["who"], row["what"], json.loads(row["detail"])) for row in rows]


def _key(row: Mapping[str, Any]) -> AdminKey:
    return AdminKey(
        row["name"],
        row["sha256"],
        tuple(row["scopes"]),
        row["created_at"],
        row["created_by"],
        row["revoked_at"],
    )
