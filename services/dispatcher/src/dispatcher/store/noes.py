"""Withdrawals and halts, folded once by whichever sender reads them first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from typing_extensions import override

from common.consuming import Transaction
from common.errors import TransientError
from common.postgres import Database
from dispatcher.ports import Ban, HaltChange, Noes, NoRecord, PersonBan, Withdrawal
from dispatcher.store.rows import columns

_AddressKey = tuple[str, str, str]


class PostgresNoes(Noes):
    """The row `withdrawals_read` is to contact.withdrawals what `positions` is to a loop's inputs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    async def position(self) -> int | None:
        row = await self._database.fetchrow("SELECT next_offset FROM withdrawals_read")
        return None if row is None else int(row["next_offset"])

    @override
    async def skip_to(self, offset: int) -> None:
        await self._database.execute(_SKIP, offset)

    @override
    async def fold(self, first: int, following: int, records: Sequence[NoRecord | None]) -> None:
        async with self._database.transaction() as tx:
            done = await self._lock_position(tx, first)
            if done >= following:
                return
            if done < first:
                # Somebody turned the row back, a restored backup for one: read on from there.
                raise TransientError("withdrawals_gap", f"folded to {done}, read from {first}")
            new = [record for record in records[done - first :] if record is not None]
            # Halts before addresses, as senders lock them; what a resume wakes comes last, for they hold that, too.
            halts = [record for record in new if isinstance(record, HaltChange)]
            await _halt(tx, halts)
            await _withdraw(tx, [record for record in new if isinstance(record, Withdrawal)])
            await _ban(tx, [record for record in new if isinstance(record, Ban)])
            await _ban_people(tx, [record for record in new if isinstance(record, PersonBan)])
            await _wake(tx, halts)
            await tx.execute("UPDATE withdrawals_read SET next_offset = $1", following)

    async def _lock_position(self, tx: Transaction, first: int) -> int:
        await tx.execute(
            "INSERT INTO withdrawals_read (next_offset) VALUES ($1) ON CONFLICT DO NOTHING", first
        )
        (row,) = await tx.fetch("SELECT next_offset FROM withdrawals_read FOR UPDATE")
        return int(str(row["next_offset"]))


async def _withdraw(tx: Transaction, withdrawals: Sequence[Withdrawal]) -> None:
    by_address: dict[_AddressKey, dict[str, datetime]] = {}
    for no in withdrawals:
        key = (no.workspace, no.channel, no.address_hash)
        by_address.setdefault(key, {})[no.purpose] = no.at
    if by_address:
        rows = [(*key, _text(noes)) for key, noes in by_address.items()]
        await tx.execute(_WITHDRAW, *columns(rows))


async def _ban(tx: Transaction, bans: Sequence[Ban]) -> None:
    by_address = {(ban.workspace, ban.channel, ban.address_hash): ban.reason for ban in bans}
    if by_address:
        rows = [(*address, reason) for address, reason in sorted(by_address.items())]
        await tx.execute(_BAN, *columns(rows))


async def _ban_people(tx: Transaction, bans: Sequence[PersonBan]) -> None:
    for ban in bans:
        await tx.execute(_BAN_PERSON, ban.workspace, ban.profile_id, ban.reason, ban.transactional)


async def _halt(tx: Transaction, changes: Sequence[HaltChange]) -> None:
    for change in changes:
        if change.halted:
            await tx.execute(_HALT, change.scope, change.by, change.at)
        else:
            await tx.execute("DELETE FROM halts WHERE scope = $1", change.scope)


async def _wake(tx: Transaction, changes: Sequence[HaltChange]) -> None:
    """Only after the deletes, which waited for claims under way: they see the halt, or are seen here."""
    for scope in sorted({change.scope for change in changes if not change.halted}):
        await tx.execute(_WAKE, scope)


def _text(noes: Mapping[str, datetime]) -> str:
    return msgspec.json.encode(noes).decode()


_WITHDRAW = """
INSERT INTO addresses (workspace, channel, address_hash, withdrawn)
SELECT workspace, channel, address_hash, withdrawn::jsonb
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS no (workspace, channel, address_hash, withdrawn)
ORDER BY workspace, channel, address_hash
ON CONFLICT (workspace, channel, address_hash)
DO UPDATE SET withdrawn = addresses.withdrawn || excluded.withdrawn
"""

# What a provider said of the address itself is kept: it is the reason that was found first.
_BAN = """
INSERT INTO addresses (workspace, channel, address_hash, suppressed)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS ban (workspace, channel, address_hash, suppressed)
ORDER BY workspace, channel, address_hash
ON CONFLICT (workspace, channel, address_hash)
DO UPDATE SET suppressed = coalesce(addresses.suppressed, excluded.suppressed)
"""

# What once reached further is not narrowed by what is said later.
_BAN_PERSON = """
INSERT INTO suppressed_people AS known (workspace, profile_id, reason, transactional) VALUES ($1, $2, $3, $4)
ON CONFLICT (workspace, profile_id)
DO UPDATE SET transactional = known.transactional OR excluded.transactional
"""

_SKIP = """
INSERT INTO withdrawals_read (next_offset) VALUES ($1)
ON CONFLICT (single) DO UPDATE SET next_offset = greatest(withdrawals_read.next_offset, excluded.next_offset)
"""

_HALT = "INSERT INTO halts (scope, by, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"

_WAKE = """
UPDATE deliveries SET due_at = clock_timestamp()
WHERE state = 'held' AND reason = 'halted' AND ($1 = '*' OR workspace = $1)
"""
