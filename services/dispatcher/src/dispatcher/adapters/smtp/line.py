"""One connection to an SMTP server: it knows for every failure whether the mail may have been taken."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import aiosmtplib
from aiosmtplib.protocol import normalize_message_line_endings

from common.clock import monotonic
from common.errors import TransientError
from dispatcher.adapters.smtp.conversation import Answer, Conversation, LineError
from dispatcher.adapters.smtp.server import SmtpServer
from dispatcher.domain.reasons import refusal
from dispatcher.ports import Accepted, OutcomeUnknown, Refused

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_LEADING_DOT = re.compile(rb"(?m)^\.")
_TAKEN, _DEFERRED, _REFUSED = 2, 4, 5  # first digits
_GO_ON, _CLOSING, _DONE, _OUT_OF_ORDER = 354, 421, 250, 503
_LOGIN_WANTED = frozenset({530, 534, 535, 538})

Objection = Refused | TransientError
_Step = tuple[bytes, int]


@dataclass(frozen=True, slots=True)
class SmtpTimeouts:
    """Seconds to wait for the server."""

    connect: float = 10.0
    """For the connection, its greeting, TLS and login, each."""
    command: float = 20.0
    """For the answers to MAIL, RCPT and DATA together: nothing is handed over yet, so patience is cheap but useless."""
    acceptance: float = 60.0
    """For the answer to the final dot: giving up early makes a mail `unknown` that was taken (RFC 5321 says 10 min)."""


class SmtpLine:
    """A connection that was greeted; it takes one mail at a time."""

    def __init__(
        self,
        server: SmtpServer,
        timeouts: SmtpTimeouts,
        name: str,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._timeouts = timeouts
        self._name = name
        self._clock = clock
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
        self._talk: Conversation | None = None
        self._pipelines = False
        self._resetting = False

    @property
    def is_open(self) -> bool:
        return self._talk is not None and self._talk.is_open

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
        transport = self._client.transport
        if transport is None or transport.is_closing():
            raise TransientError("provider_unavailable", "connection_lost")
        self._talk = Conversation(cast("asyncio.Transport", transport))
        self._pipelines = self._client.supports_extension("pipelining")

    def close(self) -> None:
        """Hang up at once; safe to call twice."""
        if self._talk is not None:
            self._talk.break_off()
        self._client.close()

    def leave(self) -> None:
        """Hang up politely; no answer to that could matter, so none is waited for."""
        if self._talk is None or not self._talk.is_open:
            self.close()
            return
        self._talk.say(b"QUIT\r\n")
        self._talk.leave()
        self._client.close()

    async def settled(self) -> bool:
        """Whether it is fit for another mail: what went before is over, and nothing unasked was said."""
        talk = self._talk
        if talk is None or not talk.is_open:
            return False
        if self._resetting:
            self._resetting = False
            try:
                if (await talk.answer(self._timeouts.command)).code != _DONE:
                    return False
            except LineError:
                return False
        return talk.is_silent

    async def hand_over(self, sender: str, to: str, content: bytes) -> Accepted | Refused:
        """Send one mail.

        Raises:
            TransientError: nothing was handed over.
            OutcomeUnknown: the content went out and no answer came back.
        """
        handed_over = False
        try:
            talk = self._open_talk()
            objection = await self._announce(talk, sender, to)
            if objection is None:
                whole = _LEADING_DOT.sub(b"..", normalize_message_line_endings(content)) + b".\r\n"
                handed_over = True
                talk.say(whole)
                answer = await talk.answer(self._timeouts.acceptance)
                objection = self._judge(answer, _TAKEN)
        except LineError as error:
            self.close()
            if handed_over:
                # What was said out of turn is no word on this mail.
                reason = "no_answer" if error.reason == "no_answer" else "connection_lost"
                raise OutcomeUnknown(reason, error.reason) from error
            raise TransientError("provider_unavailable", error.reason) from error
        except BaseException:
            self.close()  # cancelled half way: nobody may go on speaking on this line
            raise
        if objection is None:
            return Accepted(self._name)
        self._after(objection)
        if isinstance(objection, TransientError):
            raise objection
        return objection

    def _open_talk(self) -> Conversation:
        if self._talk is None:
            raise LineError("connection_lost")
        return self._talk

    async def _announce(self, talk: Conversation, sender: str, to: str) -> Objection | None:
        """Name sender and recipient, and get as far as the server's 354; all at once where it offers that."""
        steps: list[_Step] = [
            (f"MAIL FROM:<{sender}>\r\n".encode("ascii"), _TAKEN),
            (f"RCPT TO:<{to}>\r\n".encode("ascii"), _TAKEN),
            (b"DATA\r\n", _GO_ON),
        ]
        deadline = self._clock() + self._timeouts.command
        for together in [steps] if self._pipelines else [[step] for step in steps]:
            talk.say(b"".join(command for command, _ in together))
            objection = await self._hear(talk, together, deadline)
            if objection is not None:
                return objection
            if not talk.is_silent:
                raise LineError("out_of_turn")  # it would be read as the answer to what comes next
        if self._clock() > deadline:
            # Who was stopped that long may have lost the mail to another sender, and the customer's will may be another.
            self.close()
            return TransientError("too_late", "the conversation took too long")
        return None

    async def _hear(
        self, talk: Conversation, together: Sequence[_Step], deadline: float
    ) -> Objection | None:
        """The first objection among the answers; all of them are heard, or the line is given up."""
        objection: Objection | None = None
        for _, expected in together:
            try:
                answer = await talk.answer(max(0.0, deadline - self._clock()))
            except LineError:
                if objection is None:
                    raise
                self.close()
                break
            objection = objection or self._judge(answer, expected)
            if objection is not None and answer.code == _GO_ON:
                self.close()  # it waits for a content all the same, and must not get any
        return objection

    def _judge(self, answer: Answer, expected: int) -> Objection | None:
        """None: as expected. A 4xx or 5xx never means that the mail was taken.

        Raises:
            LineError: `out_of_turn`, the answer is to another question.
        """
        code, kind = answer.code, answer.code // 100
        if expected in (code, kind):
            return None
        if code == _OUT_OF_ORDER:
            raise LineError("out_of_turn")  # it is about our conversation, not about the mail
        enhanced = _enhanced(answer.text)
        detail = f"{code} {enhanced}".strip()
        if code == _CLOSING or code in _LOGIN_WANTED:
            return TransientError("provider_unavailable", detail)
        if kind == _DEFERRED:
            return TransientError("provider_deferred", detail)
        if kind == _REFUSED:
            return Refused(self._name, refusal(code, enhanced), detail)
        raise LineError("out_of_turn")

    def _after(self, objection: Objection) -> None:
        """Make the line fit for the next mail (`settled` hears the answer), or give it up."""
        talk = self._talk
        refused = isinstance(objection, Refused) or objection.reason == "provider_deferred"
        if talk is None or not talk.is_open or not refused:
            self.close()
            return
        talk.say(b"RSET\r\n")
        self._resetting = True


def _enhanced(text: str) -> str:
    match = _ENHANCED.match(text)
    return match[0] if match else ""


def _codes(error: Exception) -> str:
    """What happened, without the words of a server: they may quote an address."""
    code = getattr(error, "code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
