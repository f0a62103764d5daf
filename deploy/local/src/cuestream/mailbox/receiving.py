"""The SMTP side: a mail is answered 250 when it is on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiosmtpd.smtp import SMTP, Envelope, Session

from cuestream.mailbox.store import Mails
from cuestream.stack.ports import LOOPBACK

_LARGEST_MAIL = 32 * 1024 * 1024


class Receiver:
    """What aiosmtpd calls; the names of the methods are its."""

    def __init__(self, mails: Mails) -> None:
        self._mails = mails

    async def handle_EHLO(  # noqa: N802  aiosmtpd's name
        self,
        _server: SMTP,
        session: Session,
        _envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """Announce what the server does anyway: it reads whatever commands are already there."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", responses[-1]]

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  as above
        """Keep the mail."""
        content = envelope.original_content or b""
        id_ = await self._mails.keep(envelope.mail_from or "", envelope.rcpt_tos, content)
        return f"250 2.0.0 Ok: kept as {id_}"


@asynccontextmanager
async def receiving(mails: Mails, port: int) -> AsyncIterator[None]:
    """Take mails while the block lasts."""
    receiver = Receiver(mails)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(
            receiver,
            hostname="mailbox.localhost",
            ident="cuestream",
            data_size_limit=_LARGEST_MAIL,
            enable_SMTPUTF8=True,
            auth_require_tls=True,
        ),
        LOOPBACK,
        port,
        backlog=512,
    )
    try:
        yield
    finally:
        server.close()
