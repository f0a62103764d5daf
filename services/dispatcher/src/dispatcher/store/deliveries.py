"""The deliveries of owned partitions: what is due, under locks, and every move they make."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from typing_extensions import override

from common.consuming import Transaction
from common.postgres import Database
from dispatcher.domain.delivery import State
from dispatcher.domain.gate import AddressStanding, PersonStop
from dispatcher.domain.recipient import EMAIL
from dispatcher.ports import Candidate, Change, Changed, Deliveries, Found, Suppression, Work
from dispatcher.store.people import suppressed_people
from dispatcher.store.recipients import Lineages, lock_lineages
from dispatcher.store.rows import (
    Row,
    columns,
    delivery_of,
    plain,
    recipient_of,
    standing_of,
)

_NOBODY = AddressStanding()


class PostgresDeliveries(Deliveries):
    """Locks are taken in one order by everybody: halts, recipients, addresses; of each kind in the order of its key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    async def look(self, partitions: Collection[int], in_flight: Collection[UUID]) -> Work:
        row = await self._database.fetchrow(_LOOK, sorted(partitions), list(in_flight))
        if row is None:
            return Work(marketing=False, transactional=False, orphans=False)
        return Work(row["marketing"], row["transactional"], row["orphans"])

    @override
    async def now(self, tx: Transaction) -> datetime:
        (row,) = await _fetch(tx, "SELECT clock_timestamp() AS now")
        now: datetime = row["now"]
        return now

    @override
    async def find_due(
        self, tx: Transaction, partitions: Collection[int], limit: int, *, marketing: bool
    ) -> Found:
        now = await self.now(tx)
        # Shared: who resumes waits for claims under way, and then wakes what they put to rest.
        halts = await _fetch(tx, "SELECT scope FROM halts FOR SHARE")
        kinds = [False, True] if marketing else [False]
        due = await _fetch(tx, _DUE, sorted(partitions), now, limit, kinds)
        recipients = await _recipients(tx, due)
        standings = await _standings(tx, due, recipients)
        people = await suppressed_people(tx, _last_ones(due, recipients))
        return Found(
            now=now,
            halted=frozenset(row["scope"] for row in halts),
            candidates=[_candidate(row, recipients, standings, people) for row in due],
        )

    @override
    async def find_orphans(
        self, tx: Transaction, partitions: Collection[int], in_flight: Collection[UUID]
    ) -> Sequence[tuple[UUID, State, int]]:
        rows = await _fetch(tx, _ORPHANS, sorted(partitions), list(in_flight))
        return [(plain(row["delivery_id"]), row["state"], row["claims"]) for row in rows]

    @override
    async def change(self, tx: Transaction, changes: Sequence[Change]) -> Sequence[Changed]:
        if not changes:
            return ()
        rows = await _fetch(tx, _CHANGE, *columns([_change_row(change) for change in changes]))
        return [_changed(row) for row in rows]

    @override
    async def suppress(self, tx: Transaction, suppressions: Collection[Suppression]) -> None:
        by_address = {(s.workspace, s.channel, s.address_hash): s.reason for s in suppressions}
        rows = [(*address, reason) for address, reason in sorted(by_address.items())]
        await tx.execute(_SUPPRESS, *columns(rows))


async def _recipients(tx: Transaction, due: Sequence[Row]) -> Lineages:
    keys = {(row["partition"], plain(row["profile_id"])) for row in due}
    return await lock_lineages(tx, keys) if keys else Lineages(())


def _last_ones(due: Sequence[Row], recipients: Lineages) -> set[UUID]:
    found = (recipients.last(plain(row["profile_id"])) for row in due)
    return {plain(last["profile_id"]) for last in found if last}


async def _standings(
    tx: Transaction, due: Sequence[Row], recipients: Lineages
) -> dict[tuple[str, str], AddressStanding]:
    hashes = {
        (row["workspace"], EMAIL, known)
        for row in due
        if (recipient := recipients.last(plain(row["profile_id"])))
        and (known := recipient["email_hash"])
    }
    if not hashes:
        return {}
    rows = await _fetch(tx, _LOCK_ADDRESSES, *columns(sorted(hashes)))
    return {(row["workspace"], row["address_hash"]): standing_of(row) for row in rows}


async def _fetch(tx: Transaction, sql: str, *args: object) -> Sequence[Row]:
    return cast("Sequence[Row]", await tx.fetch(sql, *args))


def _candidate(
    row: Row,
    recipients: Lineages,
    standings: Mapping[tuple[str, str], AddressStanding],
    people: Mapping[tuple[str, UUID], PersonStop],
) -> Candidate:
    known = recipients.of(plain(row["profile_id"]))
    last = known[-1] if known else None
    address_hash = None if last is None else last["email_hash"]
    return Candidate(
        delivery=delivery_of(row),
        state=row["state"],
        announced=row["announced"],
        attempts=row["attempts"],
        claims=row["claims"],
        recipient=None if last is None else recipient_of(last),
        read_in=frozenset({row["partition"], *(each["partition"] for each in known)}),
        address_hash=address_hash,
        address=standings.get((row["workspace"], address_hash or ""), _NOBODY),
        stop=None if last is None else people.get((row["workspace"], plain(last["profile_id"]))),
    )


def _change_row(change: Change) -> tuple[object, ...]:
    return (
        change.delivery_id,
        change.claims,
        ",".join(change.before),
        change.after,
        change.reason,
        change.due_at,
        change.announced,
        change.provider,
        change.claims_again,
        change.attempted,
    )


def _changed(row: Row) -> Changed:
    return Changed(
        delivery=delivery_of(row),
        after=row["state"],
        reason=row["reason"],
        at=row["changed_at"],
        claimed_at=row["claimed_at"],
        claims=row["claims"],
        holds=row["holds"],
        provider=row["provider"],
    )


# Per partition and kind, so that the index gives them in order and nothing is sorted but the few it gave.
_DUE = """
SELECT due.* FROM unnest($1::int[]) AS mine (partition), unnest($4::bool[]) AS kind (marketing)
CROSS JOIN LATERAL (
    SELECT partition, workspace, profile_id, delivery, state, announced, attempts, claims, due_at, marketing
    FROM deliveries AS d
    WHERE d.partition = mine.partition AND d.marketing = kind.marketing
      AND d.state IN ('planned', 'held') AND d.due_at <= $2
    ORDER BY d.due_at LIMIT $3
) AS due ORDER BY due.marketing, due.due_at LIMIT $3
"""

_LOOK = """
SELECT
    EXISTS (SELECT FROM unnest($1::int[]) AS mine (partition) CROSS JOIN LATERAL (
        SELECT FROM deliveries AS d WHERE d.partition = mine.partition AND d.marketing
          AND d.state IN ('planned', 'held') AND d.due_at <= clock_timestamp() LIMIT 1) AS due
    ) AS marketing,
    EXISTS (SELECT FROM unnest($1::int[]) AS mine (partition) CROSS JOIN LATERAL (
        SELECT FROM deliveries AS d WHERE d.partition = mine.partition AND NOT d.marketing
          AND d.state IN ('planned', 'held') AND d.due_at <= clock_timestamp() LIMIT 1) AS due
    ) AS transactional,
    EXISTS (SELECT FROM deliveries WHERE partition = ANY($1::int[])
        AND state IN ('claimed', 'transmitting') AND NOT delivery_id = ANY($2::uuid[])
    ) AS orphans
"""

# Made and locked by one statement: who first made the missing ones and then locked the others would take
# them out of order, and wait for a withdrawal that waits for it.
_LOCK_ADDRESSES = """
INSERT INTO addresses AS a (workspace, channel, address_hash)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (workspace, channel, address_hash)
ORDER BY workspace, channel, address_hash
ON CONFLICT (workspace, channel, address_hash) DO UPDATE SET suppressed = a.suppressed
RETURNING a.workspace, a.address_hash, a.withdrawn, a.suppressed
"""

_ORPHANS = """
SELECT delivery_id, state, claims FROM deliveries
WHERE partition = ANY($1::int[]) AND state IN ('claimed', 'transmitting')
  AND NOT delivery_id = ANY($2::uuid[])
"""

_CHANGE = """
UPDATE deliveries AS d SET
    state = c.after,
    reason = coalesce(c.reason, d.reason),
    due_at = coalesce(c.due_at, d.due_at),
    announced = coalesce(c.announced, d.announced),
    holds = d.holds + (c.announced IS NOT NULL)::int,
    provider = coalesce(c.provider, d.provider),
    claims = d.claims + c.claims_again::int,
    claimed_at = CASE WHEN c.claims_again THEN clock_timestamp()
                      WHEN c.after <> 'planned' THEN d.claimed_at END,
    attempts = d.attempts + c.attempted::int,
    changed_at = clock_timestamp()
FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[],
            $8::text[], $9::bool[], $10::bool[])
  AS c (delivery_id, claims, before, after, reason, due_at, announced, provider, claims_again, attempted)
WHERE d.delivery_id = c.delivery_id AND d.claims = c.claims
  AND d.state = ANY(string_to_array(c.before, ','))
RETURNING d.delivery, d.state, d.reason, d.changed_at, d.claimed_at, d.claims, d.holds, d.provider
"""

_SUPPRESS = """
INSERT INTO addresses (workspace, channel, address_hash, suppressed)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS dead (workspace, channel, address_hash, suppressed)
ORDER BY workspace, channel, address_hash
ON CONFLICT (workspace, channel, address_hash) DO UPDATE SET suppressed = excluded.suppressed
"""
