"""What the api may read of deliveries; it writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from typing_extensions import override

from common.postgres import Database
from dispatcher.domain.delivery import Delivery
from dispatcher.domain.recipient import Recipient
from dispatcher.ports import Archive, DeliveryReport, Halt
from dispatcher.store.recipients import LINEAGES, Lineages
from dispatcher.store.rows import delivery_of, plain, recipient_of


class PostgresArchive(Archive):
    """Two look-ups by delivery id, and the halts."""

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
        row = await self._database.fetchrow(_MAIL, delivery_id, workspace)
        if row is None:
            return None
        delivery = delivery_of(row)
        rows = await self._database.fetch(LINEAGES, [delivery.partition], [delivery.profile_id])
        last = Lineages(rows).last(delivery.profile_id)
        if last is None or last["snapshot"] is None:
            return None
        return delivery, recipient_of(last)


_REPORT = """
SELECT workspace, profile_id, delivery, state, reason, due_at, attempts, claimed_at, provider
FROM deliveries WHERE delivery_id = $1
"""

_MAIL = """
SELECT delivery FROM deliveries
WHERE delivery_id = $1 AND workspace = $2 AND state IN ('transmitting', 'sent', 'unknown')
"""
