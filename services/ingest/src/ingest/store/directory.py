"""Look-ups outside of the loop, without locks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from common.postgres import Database
from ingest.domain.identifiers import Identifier
from ingest.domain.people import Profile
from ingest.domain.references import Reference
from ingest.ports import KnownEvent, KnownProfile

_MOST = 20
_decode = msgspec.json.Decoder(Profile).decode

_PROFILES = """
SELECT profile_id, record, (
    SELECT coalesce(array_agg(ARRAY[kind, value] ORDER BY kind DESC, value), '{}') FROM identities
    WHERE identities.workspace = profiles.workspace AND identities.profile_id = profiles.profile_id
) AS identifiers
FROM profiles WHERE workspace = $1 AND
"""
_BY_ID = _PROFILES + "profile_id = $2"
_BY_EMAIL = _PROFILES + f"email = $2 ORDER BY profile_id LIMIT {_MOST}"
_OWNER = "(SELECT profile_id FROM identities WHERE workspace = $1 AND kind = $2 AND value = $3)"
_BY_IDENTIFIER = _PROFILES + "profile_id = " + _OWNER
_EVENTS = """
SELECT workspace, event_id, profile_id, seen_at, partition FROM seen_messages
WHERE event_id = ANY($1::uuid[]) ORDER BY seen_at
"""


class PostgresDirectory:
    """Implements `Directory`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def profiles(self, workspace: str, reference: Reference) -> Sequence[KnownProfile]:
        if isinstance(reference, UUID):
            rows = await self._database.fetch(_BY_ID, workspace, reference)
        elif isinstance(reference, Identifier):
            rows = await self._database.fetch(
                _BY_IDENTIFIER, workspace, reference.kind, reference.value
            )
        else:
            rows = await self._database.fetch(_BY_EMAIL, workspace, reference)
        return [_profile(workspace, row) for row in rows]

    async def events(self, event_ids: Collection[UUID]) -> Sequence[KnownEvent]:
        rows = await self._database.fetch(_EVENTS, list(event_ids))
        return [
            KnownEvent(
                workspace=row["workspace"],
                event_id=UUID(int=row["event_id"].int),
                profile_id=UUID(int=row["profile_id"].int),
                seen_at=row["seen_at"],
                partition=row["partition"],
            )
            for row in rows
        ]


def _profile(workspace: str, row: Mapping[str, Any]) -> KnownProfile:
    return KnownProfile(
        workspace=workspace,
        profile_id=UUID(int=row["profile_id"].int),
        identifiers=[Identifier(kind, value) for kind, value in row["identifiers"]],
        contact=_decode(row["record"]).snapshot,
    )
