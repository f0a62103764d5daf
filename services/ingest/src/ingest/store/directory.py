"""Look-ups outside of the loop, without locks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from common.postgres import Database
from ingest.domain.identifiers import Identifier
from ingest.domain.people import Account, Profile, Sharing, Statement
from ingest.domain.references import Reference
from ingest.ports import KnownEvent, KnownProfile, SharedIdentifier

_MOST = 20
_decode = msgspec.json.Decoder(Profile).decode
_account = msgspec.json.Decoder(Account).decode
_sharing = msgspec.json.Decoder(Sharing).decode

_ROOT = """(
    WITH RECURSIVE line AS (
        SELECT profile_id, merged_into FROM profiles
        WHERE workspace = {workspace} AND profile_id = {profile}
        UNION
        SELECT next.profile_id, next.merged_into FROM line JOIN profiles AS next
        ON next.workspace = {workspace} AND next.profile_id = line.merged_into
    )
    SELECT profile_id FROM line WHERE merged_into IS NULL
)"""
"""The profile that another has become, by however many merges."""

_PROFILES = """
SELECT profile_id, record, (
    WITH RECURSIVE former AS (
        SELECT profiles.profile_id AS id
        UNION
        SELECT before.profile_id FROM former JOIN profiles AS before
        ON before.workspace = profiles.workspace AND before.merged_into = former.id
    )
    SELECT array_agg(id ORDER BY id) FROM former
) AS line
FROM profiles WHERE workspace = $1 AND
"""
_BY_ID = _PROFILES + "profile_id = " + _ROOT.format(workspace="$1", profile="$2::uuid")
_BY_EMAIL = _PROFILES + f"email = $2 ORDER BY profile_id LIMIT {_MOST}"
_OWNER = "(SELECT profile_id FROM identities WHERE workspace = $1 AND kind = $2 AND value = $3)"
_BY_IDENTIFIER = _PROFILES + "profile_id = " + _ROOT.format(workspace="$1", profile=_OWNER)
_IDENTIFIERS = """
SELECT kind, value FROM identities WHERE workspace = $1 AND profile_id = ANY($2::uuid[])
ORDER BY kind DESC, value
"""
_ACCOUNTS = """
SELECT account_id, record FROM accounts WHERE workspace = $1 AND account_id = ANY($2::text[])
ORDER BY account_id
"""
_STATEMENTS = """
SELECT * FROM consents WHERE workspace = $1 AND profile_id = $2 ORDER BY stated_at, meant_at, proof_id, number, step DESC
"""
_SHARED = """
SELECT kind, value, shared_by FROM identities, json_object_keys(shared_by -> 'profiles')
WHERE workspace = $1 AND shared_by IS NOT NULL
GROUP BY workspace, kind, value ORDER BY count(*) DESC, kind, value LIMIT 100
"""
_ROOT_OF_EVENT = _ROOT.format(
    workspace="seen_messages.workspace", profile="seen_messages.profile_id"
)
_EVENTS = f"""
SELECT workspace, event_id, profile_id, seen_at, partition, {_ROOT_OF_EVENT} AS root
FROM seen_messages WHERE event_id = ANY($1::uuid[]) ORDER BY seen_at
"""  # noqa: S608 - put together of constants


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
        return [await self._known(workspace, row) for row in rows]

    async def _known(self, workspace: str, row: Mapping[str, Any]) -> KnownProfile:
        line = [UUID(int=profile.int) for profile in row["line"]]
        profile_id = UUID(int=row["profile_id"].int)
        # Of a merged profile, too: whoever held such a row at the merge links it anew when it is next used.
        identifiers = await self._database.fetch(_IDENTIFIERS, workspace, line)
        profile = _decode(row["record"])
        ids = sorted(profile.accounts)
        accounts = await self._database.fetch(_ACCOUNTS, workspace, ids) if ids else []
        return KnownProfile(
            workspace=workspace,
            profile_id=profile_id,
            identifiers=[Identifier(each["kind"], each["value"]) for each in identifiers],
            contact=profile.snapshot,
            merged=[former for former in line if former != profile_id],
            golden=profile.golden,
            accounts={each["account_id"]: _account(each["record"]) for each in accounts},
        )

    async def statements(self, workspace: str, profile_id: UUID) -> Sequence[Statement]:
        rows = await self._database.fetch(_STATEMENTS, workspace, profile_id)
        return [_statement(row) for row in rows]

    async def shared(self, workspace: str) -> Sequence[SharedIdentifier]:
        rows = await self._database.fetch(_SHARED, workspace)
        return [
            SharedIdentifier(Identifier(row["kind"], row["value"]), _sharing(row["shared_by"]))
            for row in rows
        ]

    async def events(self, event_ids: Collection[UUID]) -> Sequence[KnownEvent]:
        rows = await self._database.fetch(_EVENTS, list(event_ids))
        return [_event(row) for row in rows]


def _event(row: Mapping[str, Any]) -> KnownEvent:
    profile_id, root = UUID(int=row["profile_id"].int), row["root"]
    merged = root is not None and root.int != profile_id.int
    return KnownEvent(
        workspace=row["workspace"],
        event_id=UUID(int=row["event_id"].int),
        profile_id=profile_id,
        merged_into=UUID(int=root.int) if merged else None,
        seen_at=row["seen_at"],
        partition=row["partition"],
    )


def _statement(row: Mapping[str, Any]) -> Statement:
    return Statement(
        channel=row["channel"],
        purpose=row["purpose"],
        granted=row["granted"],
        basis=row["basis"],
        stated_at=row["stated_at"],
        meant_at=row["meant_at"],
        proof_id=UUID(int=row["proof_id"].int),
        via=row["via"],
        text_version=row["text_version"],
        ip=row["ip"],
        source=row["source"],
        requested_at=row["requested_at"],
        confirmed_at=row["confirmed_at"],
        step=row["step"] or None,
        number=row["number"],
    )
