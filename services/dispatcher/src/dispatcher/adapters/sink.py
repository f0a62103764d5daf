"""The sink: takes every mail and sends none; the delivery's own row says what would have been sent."""

from __future__ import annotations

from uuid import UUID

from typing_extensions import override

from dispatcher.ports import Accepted, Email, EmailProvider, Refused


class SinkEmailProvider(EmailProvider):
    """Where nobody shall be mailed by accident."""

    @override
    async def send(
        self, email: Email, *, idempotency_key: UUID, start_by: float | None = None
    ) -> Accepted | Refused:
        """Take it, and that is all."""
        return Accepted("sink")
