"""`Publications` on PostgreSQL: what was published, by whom, and what the topic has acknowledged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from common.configuration import Content, Release
from common.contracts.configuration import Resumption, Transition
from common.errors import PermanentError, TransientError
from common.postgres import Database
from orchestrator.ports.publication import (
    Announce,
    Announcement,
    Draft,
    PublishedRelease,
    UnderWay,
    Version,
)

ANNOUNCE_SECONDS = 4.0
"""For one record; less than the session's limit for a transaction that waits."""
_TURN = 0x6375_6573
"""The advisory lock that lets one process at a time announce, so that an older release never follows a newer one."""

_RELEASES = """
SELECT r.workspace, r.number, r.live, r.transitions, r.paused, r.resumed, c.kind, c.name, c.hash, c.files
FROM (SELECT DISTINCT ON (workspace) * FROM releases
      WHERE $1::text IS NULL OR (workspace = $1 AND number = $2)
      ORDER BY workspace, number DESC) r
CROSS JOIN LATERAL unnest(r.contents) AS listed(key)
JOIN contents c ON c.key = listed.key
ORDER BY r.workspace, c.key
"""
_STORE_CONTENTS = """
INSERT INTO contents (key, kind, name, hash, files, published_at)
SELECT key, kind, name, hash, files::jsonb, $6
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS new (key, kind, name, hash, files)
ON CONFLICT (key) DO NOTHING
"""
_STORE_RELEASE = """
INSERT INTO releases (workspace, number, contents, live, published_at, published_by, transitions, paused, resumed)
SELECT $1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9::jsonb
WHERE $2 - 1 = (SELECT coalesce(max(number), 0) FROM releases WHERE workspace = $1)
ON CONFLICT DO NOTHING
"""
_RESTORE_CONTENT = """
INSERT INTO contents (key, kind, name, hash, files, published_at, acknowledged_at)
VALUES ($1, $2, $3, $4, $5::jsonb, now(), now()) ON CONFLICT (key) DO NOTHING
"""
_RESTORE_RELEASE = """
INSERT INTO releases
  (workspace, number, contents, live, published_at, published_by, transitions, paused, resumed, acknowledged_at)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9::jsonb, now()) ON CONFLICT (workspace, number) DO NOTHING
"""
_CONTENTS = "SELECT kind, name, hash, files FROM contents WHERE key = ANY($1::text[])"
_VERSIONS = """
SELECT hash, published_at FROM contents WHERE kind = $1 AND name = $2
ORDER BY published_at DESC, hash
"""
_UNDER_WAY = """
SELECT workspace, playbook, version, step, count(*) FILTER (WHERE held) AS held, count(*) AS count
FROM enrollments WHERE workspace = $1 AND playbook = ANY($2::text[])
GROUP BY workspace, playbook, version, step ORDER BY workspace, playbook, version, step
"""
_AUDIT = "INSERT INTO audit (at, who, what, detail) VALUES ($1, $2, $3, $4::jsonb)"
_NEXT_CONTENT = """
SELECT key, kind, name, hash, files FROM contents
WHERE acknowledged_at IS NULL ORDER BY published_at, key LIMIT 1
"""
_NEXT_RELEASE = """
SELECT workspace, number, contents, live, published_at, published_by, transitions, paused, resumed FROM releases
WHERE acknowledged_at IS NULL ORDER BY published_at, workspace, number LIMIT 1
"""
_ACKNOWLEDGE_CONTENT = "UPDATE contents SET acknowledged_at = now() WHERE key = $1"
_ACKNOWLEDGE_RELEASE = (
    "UPDATE releases SET acknowledged_at = now() WHERE workspace = $1 AND number = $2"
)


class PostgresPublications:
    """The only state that an api of ours writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def current(self) -> Mapping[str, Release]:
        """The newest release of every workspace."""
        return await self._releases(None, None)

    async def release(self, workspace: str, number: int) -> Release | None:
        """One release, in force or older."""
        return (await self._releases(workspace, number)).get(workspace)

    async def _releases(self, workspace: str | None, number: int | None) -> Mapping[str, Release]:
        found: dict[str, Release] = {}
        for row in await self._database.fetch(_RELEASES, workspace, number):
            before = found.get(row["workspace"])
            found[row["workspace"]] = Release(
                row["workspace"],
                row["number"],
                (*(before.contents if before else ()), _content(row)),
                row["live"],
                *_said(row),
            )
        return found

    async def contents(self, keys: Collection[str]) -> Mapping[str, Content]:
        """Those of them that were ever published."""
        rows = await self._database.fetch(_CONTENTS, list(keys))
        return {content.key: content for content in map(_content, rows)}

    async def versions(self, kind: str, name: str) -> Sequence[Version]:
        """All that were ever published, the newest first."""
        rows = await self._database.fetch(_VERSIONS, kind, name)
        return [Version(row["hash"], row["published_at"]) for row in rows]

    async def under_way(self, workspace: str, playbooks: Collection[str]) -> Sequence[UnderWay]:
        """Where the passages of these playbooks are."""
        rows = await self._database.fetch(_UNDER_WAY, workspace, list(playbooks))
        return [UnderWay(*row.values()) for row in rows]

    async def publish(self, drafts: Sequence[Draft], *, by: str, at: datetime) -> None:
        """Store contents, releases and who did it, all or nothing."""
        contents = {content.key: content for draft in drafts for content in draft.contents}
        ordered = [contents[key] for key in sorted(contents)]
        async with self._database.transaction() as tx:
            await tx.execute(
                _STORE_CONTENTS,
                [content.key for content in ordered],
                [content.kind for content in ordered],
                [content.name for content in ordered],
                [content.hash for content in ordered],
                [json.dumps(dict(content.files)) for content in ordered],
                at,
            )
            for draft in sorted(drafts, key=lambda draft: draft.workspace):
                keys = sorted(content.key for content in draft.contents)
                number = draft.expected + 1
                tag = await tx.execute(
                    _STORE_RELEASE,
                    draft.workspace,
                    number,
                    keys,
                    draft.live,
                    at,
                    by,
                    *_saying(draft),
                )
                if tag != "INSERT 0 1":
                    detail = f"{draft.workspace} is no longer at release {draft.expected}"
                    raise PermanentError("release_moved", detail)
                released = {"workspace": draft.workspace, "number": number, "live": draft.live}
                await tx.execute(
                    _AUDIT,
                    at,
                    by,
                    "configuration.released",
                    json.dumps(released | {"contents": keys} | _chosen(draft)),
                )

    async def restore(
        self, contents: Collection[Content], releases: Collection[PublishedRelease]
    ) -> Mapping[str, int]:
        """Take in what the topic knows and a restored database does not; returns how much of each was new."""
        new = released = 0
        async with self._database.transaction() as tx:
            for content in contents:
                done = await tx.execute(
                    _RESTORE_CONTENT,
                    content.key,
                    content.kind,
                    content.name,
                    content.hash,
                    json.dumps(dict(content.files)),
                )
                new += done == "INSERT 0 1"
            for release in releases:
                done = await tx.execute(
                    _RESTORE_RELEASE,
                    release.workspace,
                    release.number,
                    list(release.contents),
                    release.live,
                    release.published_at,
                    release.published_by,
                    *_saying(release),
                )
                released += done == "INSERT 0 1"
        return {"contents": new, "releases": released}

    async def announce_next(self, announce: Announce) -> bool:
        """Hand over the oldest item not yet acknowledged; what was handed over and not remembered comes again."""
        async with self._database.transaction() as tx:
            await tx.execute("SELECT pg_advisory_xact_lock($1)", _TURN)
            row = await tx.fetchrow(_NEXT_CONTENT)
            if row is not None:
                await _hand_over(announce, _content(row))
                await tx.execute(_ACKNOWLEDGE_CONTENT, row["key"])
                return True
            row = await tx.fetchrow(_NEXT_RELEASE)
            if row is None:
                return False
            await _hand_over(announce, _release(row))
            await tx.execute(_ACKNOWLEDGE_RELEASE, row["workspace"], row["number"])
            return True


async def _hand_over(announce: Announce, announcement: Announcement) -> None:
    try:
        async with asyncio.timeout(ANNOUNCE_SECONDS):
            await announce(announcement)
    except TimeoutError as error:
        raise TransientError("log_unavailable", "not acknowledged in time") from error


def _content(row: Mapping[str, Any]) -> Content:
    return Content(row["kind"], row["name"], row["hash"], json.loads(row["files"]))


def _release(row: Mapping[str, Any]) -> PublishedRelease:
    transitions, paused, resumed = _said(row)
    return PublishedRelease(
        workspace=row["workspace"],
        number=row["number"],
        contents=tuple(row["contents"]),
        live=row["live"],
        published_at=row["published_at"],
        published_by=row["published_by"],
        transitions=transitions,
        paused=paused,
        resumed=resumed,
    )


def _saying(draft: Draft | PublishedRelease) -> tuple[str, list[str], str]:
    """What a release says of passages under way, as the columns hold it."""
    return (
        msgspec.json.encode(draft.transitions).decode(),
        list(draft.paused),
        msgspec.json.encode(draft.resumed).decode(),
    )


def _said(
    row: Mapping[str, Any],
) -> tuple[tuple[Transition, ...], tuple[str, ...], tuple[Resumption, ...]]:
    return (
        msgspec.json.decode(row["transitions"], type=tuple[Transition, ...]),
        tuple(row["paused"]),
        msgspec.json.decode(row["resumed"], type=tuple[Resumption, ...]),
    )


def _chosen(draft: Draft) -> dict[str, Any]:
    """The same for the audit."""
    transitions, paused, resumed = _saying(draft)
    return {
        "transitions": json.loads(transitions),
        "paused": paused,
        "resumed": json.loads(resumed),
    }
