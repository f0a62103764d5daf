"""What the api may read of deliveries; it writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from typing_extensions import override

from common.postgres import Database
from dispatcher.domain.confirming import Asked
from dispatcher.domain.delivery import Delivery
from dispatcher.domain.gate import AddressStanding
from dispatcher.domain.recipient import Recipient
from dispatcher.ports import Archive, DeliveryReport, Halt
from dispatcher.store.people import suppressed_people
from dispatcher.store.recipients import LINEAGES, Lineages
from dispatcher.store.rows import Row, delivery_of, plain, recipient_of, standing_of


class PostgresArchive(Archive):
    """Look-ups by delivery id, and the halts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    async def halts(self) -> Sequence[Halt]:
        rows = await self._database.fetch("SELECT scope, by, at FROM halts ORDER BY scope")
        return [Halt(**row) for row in rows]

    @override
    async def report(self, delivery_id: UUID) -> DeliveryReport | None:
        row = await self._database.fetchrow(_REPORT, delivery_id)
        if row is None:
            return None
        request = delivery_of(row).request
        return DeliveryReport(
            delivery_id=delivery_id,
            workspace=row["workspace"],
            profile_id=plain(row["profile_id"]),
            state=row["state"],
            reason=row["reason"],
            due_at=row["due_at"],
            expires_at=request.expires_at,
            attempts=row["attempts"],
            claimed_at=row["claimed_at"],
            provider=row["provider"],
            playbook=request.playbook,
            message=request.message,
            channel=request.channel,
            purpose=request.purpose,
        )

    @override
    async def mail(self, workspace: str, delivery_id: UUID) -> tuple[Delivery, Recipient] | None:
        found = await self._found(workspace, delivery_id)
        return found and (found[0], recipient_of(found[1]))

    @override
    async def asked(self, workspace: str, delivery_id: UUID) -> Asked | None:
        found = await self._found(workspace, delivery_id)
        if found is None:
            return None
        delivery, last = found
        key = (workspace, delivery.request.channel, last["email_hash"])
        address = await self._database.fetchrow(_ADDRESS, *key)
        profile_id = plain(last["profile_id"])
        async with self._database.transaction() as tx:
            people = await suppressed_people(tx, [profile_id])
        return Asked(
            delivery=delivery,
            recipient=recipient_of(last),
            address_hash=last["email_hash"],
            address=AddressStanding() if address is None else standing_of(address),
            stop=people.get((workspace, profile_id)),
        )

    async def _found(self, workspace: str, delivery_id: UUID) -> tuple[Delivery, Row] | None:
        """A mail that went out, and the row of who it would go to now."""
        row = await self._database.fetchrow(_MAIL, delivery_id, workspace)
        if row is None:
            return None
        delivery = delivery_of(row)
        rows = await self._database.fetch(LINEAGES, [delivery.partition], [delivery.profile_id])
        last = Lineages(rows).last(delivery.profile_id)
        if last is None or last["snapshot"] is None:
            return None
        return delivery, last


_REPORT = """
SELECT workspace, profile_id, delivery, state, reason, due_at, attempts, claimed_at, provider
FROM deliveries WHERE delivery_id = $1
"""

_MAIL = """
SELECT delivery FROM deliveries
WHERE delivery_id = $1 AND workspace = $2 AND state IN ('transmitting', 'sent', 'unknown')
"""

_ADDRESS = """
SELECT withdrawn, suppressed FROM addresses
WHERE workspace = $1 AND channel = $2 AND address_hash = $3
"""

_ADDRESS = """
SELECT withdrawn, suppressed FROM addresses
WHERE workspace = $1 AND channel = $2 AND address_hash = $3
"""
