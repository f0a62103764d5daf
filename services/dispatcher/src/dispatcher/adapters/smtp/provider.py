"""E-mail over SMTP: a few connections, kept open, each taking one mail at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

from typing_extensions import override

from common.clock import monotonic
from common.errors import PermanentError, TransientError
from dispatcher.adapters.mime import mime_bytes
from dispatcher.adapters.smtp.line import SmtpLine, SmtpTimeouts
from dispatcher.adapters.smtp.server import SmtpServer
from dispatcher.ports import Accepted, Email, EmailProvider, Refused

_IDLE = 25.0
"""Seconds after which a resting connection is not trusted: servers hang up on who says nothing."""


class SmtpEmailProvider(EmailProvider):
    """SMTP knows no idempotency: what is unknown stays unknown."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        connections: int = 8,
        timeouts: SmtpTimeouts | None = None,
        name: str = "smtp",
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._server = server
        self._timeouts = timeouts or SmtpTimeouts()
        self._name = name
        self._clock = clock
        self._free = asyncio.Semaphore(connections)
        self._resting: list[tuple[SmtpLine, float]] = []

    @override
    async def send(
        self, email: Email, *, idempotency_key: UUID, start_by: float | None = None
    ) -> Accepted | Refused:
        try:
            content = mime_bytes(email, idempotency_key)
        except PermanentError as error:
            return Refused(self._name, "refused", error.reason)
        await self._take_turn(start_by)
        try:
            return await self._on_a_line(email, content, start_by)
        finally:
            self._free.release()

    def close(self) -> None:
        """Hang up on every resting connection."""
        for line, _ in self._resting:
            line.leave()
        self._resting.clear()

    async def _take_turn(self, start_by: float | None) -> None:
        patience = None if start_by is None else max(0.0, start_by - self._clock())
        try:
            async with asyncio.timeout(patience):
                await self._free.acquire()
        except TimeoutError:
            raise TransientError("too_late", "no connection became free in time") from None

    async def _on_a_line(
        self, email: Email, content: bytes, start_by: float | None
    ) -> Accepted | Refused:
        line, was_resting = await self._line()
        try:
            return await self._hand_over(line, email, content, start_by)
        except TransientError as error:
            # A server may hang up on a resting connection at any time: no reason to wait for a retry.
            if not was_resting or line.is_open or error.reason != "provider_unavailable":
                raise
        finally:
            self._rest(line)
        fresh = SmtpLine(self._server, self._timeouts, self._name, self._clock)
        await fresh.open()
        try:
            return await self._hand_over(fresh, email, content, start_by)
        finally:
            self._rest(fresh)

    async def _hand_over(
        self, line: SmtpLine, email: Email, content: bytes, start_by: float | None
    ) -> Accepted | Refused:
        if start_by is not None and self._clock() > start_by:
            raise TransientError("too_late", "connecting took too long")
        return await line.hand_over(email.sender.address, email.to, content)

    async def _line(self) -> tuple[SmtpLine, bool]:
        while self._resting:
            line, since = self._resting.pop()
            if self._clock() - since < _IDLE and await line.settled():
                return line, True
            line.leave()
        line = SmtpLine(self._server, self._timeouts, self._name, self._clock)
        await line.open()
        return line, False

    def _rest(self, line: SmtpLine) -> None:
        if line.is_open:
            self._resting.append((line, self._clock()))
