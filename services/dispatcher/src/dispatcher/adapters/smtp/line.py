"""One connection to an SMTP server: it knows for every failure whether the mail may have been taken."""

from __future__ import annotations

import re
from dataclasses import dataclass

import aiosmtplib
from aiosmtplib.protocol import SMTPProtocol, normalize_message_line_endings

from common.errors import TransientError
from dispatcher.adapters.smtp.server import SmtpServer
from dispatcher.domain.reasons import refusal
from dispatcher.ports import Accepted, OutcomeUnknown, Refused

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_LEADING_DOT = re.compile(rb"(?m)^\.")
_TAKEN, _DEFERRED, _REFUSED = 2, 4, 5  # first digits
_GO_ON, _CLOSING = 354, 421
_LOGIN_WANTED = frozenset({530, 534, 535, 538})


@dataclass(frozen=True, slots=True)
class SmtpTimeouts:
    """Seconds to wait for the server."""

    connect: float = 10.0
    """For the connection, its greeting, TLS and login, each."""
    command: float = 20.0
    """For the answer to MAIL, RCPT and DATA: nothing is handed over yet, so patience is cheap but useless."""
    acceptance: float = 60.0
    """For the answer to the final dot: giving up early makes a mail `unknown` that was taken (RFC 5321 says 10 min)."""


class SmtpLine:
    """A connection that was greeted; it takes one mail at a time."""

    def __init__(self, server: SmtpServer, timeouts: SmtpTimeouts, name: str) -> None:
        self._timeouts = timeouts
        self._name = name
        self._client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.tls,
            start_tls=server.starttls,
            timeout=timeouts.connect,
            local_hostname=server.hello,
        )

    @property
    def is_open(self) -> bool:
        return self._client.is_connected

    async def open(self) -> None:
        """Connect, greet and log in.

        Raises:
            TransientError: `provider_unavailable`; a wrong password is one too, for it is cured from outside.
        """
        try:
            await self._client.connect()
            if self._client.is_ehlo_or_helo_needed:
                await self._client.ehlo()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            self.close()
            raise TransientError("provider_unavailable", _codes(error)) from error

    def close(self) -> None:
        """Hang up; safe to call twice."""
        self._client.close()

    async def hand_over(self, sender: str, to: str, content: bytes) -> Accepted | Refused:
        """Send one mail.

        Raises:
            TransientError: nothing was handed over.
            OutcomeUnknown: the content went out and no answer came back.
        """
        handed_over = False
        try:
            refused = await self._announce(sender, to)
            if refused is not None:
                await self._reset()
                return refused
            protocol = self._protocol()
            handed_over = True
            protocol.write(
                _LEADING_DOT.sub(b"..", normalize_message_line_endings(content)) + b".\r\n"
            )
            answer = await protocol.read_response(timeout=self._timeouts.acceptance)
            return self._judge(answer, _TAKEN) or Accepted(self._name)
        except (aiosmtplib.SMTPException, OSError) as error:
            self.close()
            if handed_over:
                reason = "no_answer" if isinstance(error, TimeoutError) else "connection_lost"
                raise OutcomeUnknown(reason, _codes(error)) from error
            raise TransientError("provider_unavailable", _codes(error)) from error
        except TransientError as error:
            await self._after_deferral(error)
            raise
        except BaseException:
            self.close()  # cancelled half way: nobody may go on speaking on this line
            raise

    async def _announce(self, sender: str, to: str) -> Refused | None:
        """Name sender and recipient, and get as far as the server's 354."""
        commands = (
            (f"MAIL FROM:<{sender}>", _TAKEN),
            (f"RCPT TO:<{to}>", _TAKEN),
            ("DATA", _GO_ON),
        )
        for command, expected in commands:
            refused = self._judge(await self._execute(command.encode("ascii")), expected)
            if refused is not None:
                return refused
        return None

    async def _execute(self, line: bytes) -> aiosmtplib.SMTPResponse:
        return await self._client.execute_command(line, timeout=self._timeouts.command)

    def _protocol(self) -> SMTPProtocol:
        protocol = self._client.protocol
        if protocol is None or not protocol.is_connected:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        return protocol

    def _judge(self, answer: aiosmtplib.SMTPResponse, expected: int) -> Refused | None:
        """None: as expected. A 4xx raises: it never means that the mail was taken."""
        code, kind = answer.code, answer.code // 100
        if expected in (code, kind):
            return None
        enhanced = _enhanced(answer.message)
        detail = f"{code} {enhanced}".strip()
        if code == _CLOSING or code in _LOGIN_WANTED:
            raise TransientError("provider_unavailable", detail)
        if kind == _DEFERRED:
            raise TransientError("provider_deferred", detail)
        if kind == _REFUSED:
            return Refused(self._name, refusal(code, enhanced), detail)
        raise aiosmtplib.SMTPResponseException(code, "out of turn")

    async def _after_deferral(self, error: TransientError) -> None:
        if error.reason == "provider_deferred":
            await self._reset()
        else:
            self.close()

    async def _reset(self) -> None:
        """Make the line fit for the next mail, or give it up."""
        try:
            answer = await self._execute(b"RSET")
        except (aiosmtplib.SMTPException, OSError):
            self.close()
            return
        if answer.code != aiosmtplib.SMTPStatus.completed:
            self.close()


def _enhanced(message: str) -> str:
    match = _ENHANCED.match(message)
    return match[0] if match else ""


def _codes(error: Exception) -> str:
    """What happened, without the words of a server: they may quote an address."""
    code = getattr(error, "code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
