"""Commands and answers on an SMTP connection that is greeted: every answer is kept, in the order in which it came."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from typing_extensions import override

_LONGEST_ANSWER = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply of the server; a reply of several lines is one answer."""

    code: int
    text: str


class LineError(Exception):
    """The conversation cannot go on: `connection_lost`, `no_answer` or `out_of_turn`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Conversation(asyncio.Protocol):
    """Takes a transport over from whoever connected, encrypted and logged in.

    The library that does so loses answers that arrive together, as they do when commands are
    pipelined, and keeps one that came too early for the next command: neither may happen here,
    where an answer decides whether a mail was taken.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._unread = bytearray()
        self._answers: deque[Answer] = deque()
        self._lost: str | None = None
        self._news = asyncio.Event()
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        return self._lost is None and not self._transport.is_closing()

    @property
    def is_silent(self) -> bool:
        """Whether nothing was said that nobody asked for."""
        return not self._answers and not self._unread

    def say(self, data: bytes) -> None:
        """Write; it goes out as soon as the network takes it.

        Raises:
            LineError: nothing was written.
        """
        if not self.is_open:
            raise LineError(self._lost or "connection_lost")
        self._transport.write(data)

    async def answer(self, patience: float) -> Answer:
        """The next answer.

        Raises:
            LineError: there is none.
        """
        try:
            async with asyncio.timeout(patience):
                while not self._answers:
                    if self._lost is not None:
                        raise LineError(self._lost)
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise LineError("no_answer") from None
        return self._answers.popleft()

    def leave(self) -> None:
        """Hang up once what was said is out."""
        self._transport.close()

    def break_off(self) -> None:
        """Hang up at once: what is not out yet never goes out. Safe to call twice."""
        self._lost = self._lost or "connection_lost"
        self._transport.abort()

    @override
    def data_received(self, data: bytes) -> None:
        self._unread += data
        while (end := _end_of_answer(self._unread)) is not None:
            lines = bytes(self._unread[:end]).decode("utf-8", "replace").splitlines()
            del self._unread[:end]
            if not lines[-1][:3].isdecimal():
                self._give_up()
                return
            self._answers.append(Answer(int(lines[-1][:3]), "\n".join(line[4:] for line in lines)))
        if len(self._unread) > _LONGEST_ANSWER:
            self._give_up()
            return
        self._news.set()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = self._lost or "connection_lost"
        self._news.set()

    def _give_up(self) -> None:
        """This is no SMTP."""
        self._lost = "out_of_turn"
        self._news.set()
        self._transport.abort()


def _end_of_answer(unread: bytearray) -> int | None:
    """Where the first whole answer ends: after the first line that does not say that another follows."""
    begin = 0
    while (end := unread.find(b"\n", begin)) >= 0:
        if unread[begin + 3 : begin + 4] != b"-":
            return end + 1
        begin = end + 1
    return None
