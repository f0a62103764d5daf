"""What folding changed, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from common.consuming import Transaction
from common.errors import TransientError
from ingest.domain.people import People
from ingest.store import statements as sql
from ingest.store.loading import Key, columns

Change = tuple[People, People]
"""As loaded, as folded."""

_encode = msgspec.json.Encoder().encode


async def save(tx: Transaction, changes: Sequence[Change], places: set[Key]) -> None:
    """Write what differs, one statement per table; places that no fold took are given up."""
    links = _links(changes)
    await _run(tx, sql.LINK_IDENTITIES, links, 4)
    taken = {(workspace, kind, value) for workspace, kind, value, _ in links}
    await _run(tx, sql.CLEAR_IDENTITIES, sorted(places - taken), 3)
    await _run(tx, sql.SAVE_SHARING, _sharing(changes), 4)
    await _run(tx, sql.SAVE_PROFILES, _profiles(changes), 7)
    await _run(tx, sql.SAVE_ACCOUNTS, _accounts(changes), 3)
    await _run(tx, sql.TOUCH_PROFILES, _touched(changes), 3)
    await _remember(tx, _seen(changes))
    await _run(tx, sql.SAVE_CONSENTS, _consents(changes), 17)
    merges = _merges(changes)
    await _run(tx, sql.RELINK_IDENTITIES, merges, 3)
    await _run(tx, sql.MOVE_CONSENTS, merges, 3)


async def _run(
    tx: Transaction, statement: str, rows: Sequence[tuple[object, ...]], width: int
) -> None:
    if rows:
        await tx.execute(statement, *columns(rows, width))


async def _remember(tx: Transaction, rows: Sequence[tuple[object, ...]]) -> None:
    """Note the events as taken in.

    Raises:
        TransientError: another partition took one of them in meanwhile, under other identifiers, so that no lock of ours
            stood between; tried again, this one finds it.
    """
    if rows and await tx.execute(sql.SAVE_SEEN, *columns(rows, 5)) != f"INSERT 0 {len(rows)}":
        raise TransientError("database_conflict", "an event was taken in elsewhere meanwhile")


def _links(changes: Sequence[Change]) -> list[tuple[str, str, str, UUID]]:
    return [
        (after.workspace, who.kind, who.value, profile_id)
        for before, after in changes
        for who, profile_id in after.identities.items()
        if before.identities.get(who) != profile_id
    ]


def _sharing(changes: Sequence[Change]) -> list[tuple[object, ...]]:
    return [
        (after.workspace, who.kind, who.value, _encode(sharing).decode())
        for before, after in changes
        for who, sharing in after.sharing.items()
        if before.sharing.get(who) is not sharing
    ]


def _profiles(changes: Sequence[Change]) -> list[tuple[object, ...]]:
    return [
        (
            after.workspace,
            profile_id,
            profile.version,
            profile.trait("email"),
            _encode(profile).decode(),
            profile.merged_into,
            after.nows.get(profile_id),
        )
        for before, after in changes
        for profile_id, profile in after.profiles.items()
        if before.profiles.get(profile_id) is not profile
    ]


def _accounts(changes: Sequence[Change]) -> list[tuple[object, ...]]:
    return [
        (after.workspace, account_id, _encode(account).decode())
        for before, after in changes
        for account_id, account in after.accounts.items()
        if before.accounts.get(account_id) is not account
    ]


def _touched(changes: Sequence[Change]) -> list[tuple[str, UUID, datetime]]:
    """Profiles for which something came that changed nothing else."""
    return [
        (after.workspace, profile_id, now)
        for before, after in changes
        for profile_id, now in after.nows.items()
        if before.nows.get(profile_id) != now
        and before.profiles.get(profile_id) is after.profiles[profile_id]
    ]


def _merges(changes: Sequence[Change]) -> list[tuple[str, UUID, UUID]]:
    return [
        (after.workspace, profile_id, after.root(profile_id))
        for before, after in changes
        for profile_id, profile in after.profiles.items()
        if profile.merged_into is not None and _was_one_of_its_own(before, profile_id)
    ]


def _was_one_of_its_own(before: People, profile_id: UUID) -> bool:
    known = before.profiles.get(profile_id)
    return known is None or known.merged_into is None


def _seen(changes: Sequence[Change]) -> list[tuple[object, ...]]:
    return [
        (after.workspace, event_id, sighting.profile_id, sighting.seen_at, sighting.partition)
        for before, after in changes
        for event_id, sighting in after.seen.items()
        if event_id not in before.seen
    ]


def _consents(changes: Sequence[Change]) -> list[tuple[object, ...]]:
    return [
        (
            after.workspace,
            profile_id,
            said.proof_id,
            said.channel,
            said.purpose,
            said.granted,
            said.basis,
            said.via,
            said.stated_at,
            said.meant_at,
            said.text_version,
            said.ip,
            said.step or "",
            said.source,
            said.requested_at,
            said.confirmed_at,
            said.number,
        )
        for _, after in changes
        for profile_id, said in zip(after.stated_by, after.statements, strict=True)
    ]
