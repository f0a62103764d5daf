"""A real SMTP server that misbehaves on command: refuses, stalls, hangs up or waits at any stage of a mail."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Literal, cast

from aiosmtpd.smtp import SMTP, Envelope, Session
from typing_extensions import override

Stage = Literal["connect", "ehlo", "mail", "rcpt", "data", "content", "dot", "rset", "quit"]
"""Where a mail can go wrong: `content` is after 354 and before the final dot, `dot` right after it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens once, when the next mail reaches a stage."""

    stage: Stage
    action: Literal["reply", "stall", "drop", "hold"]
    reply: str = ""
    """For `reply`: what is answered, such as `451 4.3.0 later`."""
    accepts: bool = False
    """At `dot`: whether the mail was taken before the stall, the hang-up or the hold."""


def reply(stage: Stage, text: str) -> Fault:
    """Answer with this instead of what would be right."""
    return Fault(stage, "reply", text)


def stall(stage: Stage, *, accepts: bool = False) -> Fault:
    """Never answer, and keep the connection open."""
    return Fault(stage, "stall", accepts=accepts)


def drop(stage: Stage, *, accepts: bool = False) -> Fault:
    """Hang up without an answer."""
    return Fault(stage, "drop", accepts=accepts)


def hold(stage: Stage, *, accepts: bool = False) -> Fault:
    """Answer only when told to (`let_go`), then as if nothing had been."""
    return Fault(stage, "hold", accepts=accepts)


@dataclass(slots=True)
class ScriptedSmtpServer:
    """What the server did so far, and what it shall do next."""

    host: str = "127.0.0.1"
    port: int = 0
    pipelining: bool = False
    """Whether it offers to hear MAIL, RCPT and DATA at once (RFC 2920)."""
    faults: deque[Fault] = field(default_factory=deque)
    """Each happens once, in this order; without one, a mail is taken."""
    accepted: Counter[str] = field(default_factory=Counter)
    """Message-ID → how often a mail with it was taken. More than 1 is what must never be."""
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    """Of the envelopes, in order."""
    connections: int = 0
    """How many were opened."""
    heard: Counter[str] = field(default_factory=Counter)
    """Verb → how often it was said."""
    holding: int = 0
    """How many connections wait for `let_go`."""
    _released: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _transports: set[asyncio.Transport] = field(default_factory=set)

    def script(self, *faults: Fault) -> None:
        self.faults.extend(faults)

    def due(self, stage: Stage) -> Fault | None:
        """The fault of this stage, if it is the next one; it is then spent."""
        if self.faults and self.faults[0].stage == stage:
            return self.faults.popleft()
        return None

    def take(self, envelope: Envelope) -> None:
        """Count a mail as accepted."""
        content = envelope.original_content or b""
        mail = message_from_bytes(content, policy=policy.default)
        self.accepted[str(mail["Message-ID"])] += 1
        self.mails.append(mail)
        self.recipients.extend(envelope.rcpt_tos)
        self._changed.set()

    async def taken(self, mails: int) -> None:
        """Return once so many mails were taken."""
        while len(self.mails) < mails:
            self._changed.clear()
            await self._changed.wait()

    async def stirred(self, patience: float) -> None:
        """Return when the next mail is taken or held, or after so many seconds."""
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._changed.wait()

    async def held(self, connections: int = 1) -> None:
        """Return once so many connections wait for `let_go`."""
        while self.holding < connections:
            self._changed.clear()
            await self._changed.wait()

    def let_go(self) -> None:
        """Answer those that are held."""
        self._released.set()
        self._released = asyncio.Event()

    async def rest(self) -> None:
        """Hold one connection until `let_go`."""
        released = self._released
        self.holding += 1
        self._changed.set()
        try:
            await released.wait()
        finally:
            self.holding -= 1

    def opened(self, transport: asyncio.Transport) -> None:
        self.connections += 1
        self._transports.add(transport)

    def closed(self, transport: asyncio.Transport | None) -> None:
        if transport is not None:
            self._transports.discard(transport)

    def hang_up(self) -> None:
        """Cut every open connection, as a restart of the server would."""
        for transport in tuple(self._transports):
            transport.abort()


@asynccontextmanager
async def scripted_smtp_server(*, pipelining: bool = False) -> AsyncIterator[ScriptedSmtpServer]:
    """Listen on a free port of this machine, in this event loop, as long as the block lasts."""
    scripted = ScriptedSmtpServer(pipelining=pipelining)
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: _Connection(scripted), scripted.host, 0)
    scripted.port = listening.sockets[0].getsockname()[1]
    try:
        yield scripted
    finally:
        listening.close()
        scripted.hang_up()
        await asyncio.sleep(0)  # lets the connections meet their end before the loop meets its own


class _Connection(SMTP):
    """One client's connection: the protocol of aiosmtpd with faults put before its stages."""

    def __init__(self, scripted: ScriptedSmtpServer) -> None:
        self._scripted = scripted
        super().__init__(self, hostname="scripted.test", ident="scripted", enable_SMTPUTF8=True)

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._scripted.opened(cast("asyncio.Transport", transport))
        super().connection_made(transport)

    @override
    def connection_lost(self, error: Exception | None) -> None:
        self._scripted.closed(cast("asyncio.Transport | None", self.transport))
        super().connection_lost(error)

    @override
    async def _handle_client(self) -> None:
        fault = self._scripted.due("connect")
        if fault is not None:
            await self._suffer(fault)
            if fault.action != "hold":
                if self.transport is not None:
                    self.transport.close()
                return
        await super()._handle_client()

    @override
    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self._fails("ehlo"):
            await super().smtp_EHLO(hostname)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd finds it by this name
        self,
        _server: SMTP,
        session: Session,
        _envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        offered = ["250-PIPELINING"] if self._scripted.pipelining else []
        return [*responses[:-1], *offered, responses[-1]]

    @override
    async def smtp_MAIL(self, arg: str | None) -> None:
        if not await self._fails("mail"):
            await super().smtp_MAIL(arg)

    @override
    async def smtp_RCPT(self, arg: str | None) -> None:
        if not await self._fails("rcpt"):
            await super().smtp_RCPT(arg)

    @override
    async def smtp_RSET(self, arg: str) -> None:
        if not await self._fails("rset"):
            await super().smtp_RSET(arg)

    @override
    async def smtp_QUIT(self, arg: str) -> None:
        if not await self._fails("quit"):
            await super().smtp_QUIT(arg)

    @override
    async def smtp_DATA(self, arg: str) -> None:
        if await self._fails("data"):
            return
        fault = self._scripted.due("content")
        if fault is not None:
            await self.push("354 go on")
            await self._suffer(fault)
            return
        await super().smtp_DATA(arg)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd finds it by this name
        fault = self._scripted.due("dot")
        if fault is None:
            self._scripted.take(envelope)
            return "250 2.0.0 taken"
        if fault.accepts:
            self._scripted.take(envelope)
        if fault.action == "reply":
            return fault.reply
        await self._suffer(fault)
        return "250 2.0.0 taken" if fault.accepts else "451 4.3.0 not taken"

    async def _fails(self, stage: Stage) -> bool:
        """Whether something else than the right answer was given."""
        self._scripted.heard[stage] += 1
        fault = self._scripted.due(stage)
        if fault is None:
            return False
        await self._suffer(fault)
        return fault.action != "hold"

    async def _suffer(self, fault: Fault) -> None:
        if fault.action == "hold":
            await self._scripted.rest()
        elif fault.action == "reply":
            await self.push(fault.reply)
            if fault.reply.startswith("421") and self.transport is not None:
                self.transport.close()
        elif fault.action == "drop":
            transport = cast("Any", self.transport)
            if transport is not None:
                transport.abort()
        else:
            await asyncio.Event().wait()  # until the connection ends and takes this task along
