"""Tells of the messages that the edge did not take in: collected for a second, since floods are what is refused."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from common.clock import Clock
from common.contracts import encode_event, event_bytes
from common.contracts.envelope import CONTENT_TYPE
from common.contracts.ingestion import EDGE, ReceptionRefused
from common.errors import TransientError
from common.ids import accepted_event_id, derive
from common.streaming.ports import Outgoing
from ingest.api.keys import Sender
from ingest.ports import Appender

EVERY = 1.0
"""Seconds between two tellings; what a worker that is killed had not told is not counted."""
MOST_NAMED = 100
"""Messages of one source and reason that are named in one telling."""
_MESSAGE_ID = re.compile(rb'"messageId"\s*:\s*"([^"\\\x00-\x1f]{1,200})"')
_Which = tuple[str, str, str, bool]


@dataclass(slots=True)
class _Told:
    messages: int = 0
    event_ids: list[UUID] = field(default_factory=list)


class Refusals:
    """What one worker did not take in since it last told."""

    def __init__(self, topic: Appender, clock: Clock, new_id: Callable[[], UUID]) -> None:
        self._topic = topic
        self._clock = clock
        self._new_id = new_id
        self._waiting: dict[_Which, _Told] = {}

    def ignored(self, sender: Sender, reason: str, messages: Sequence[bytes]) -> None:
        """Nobody sent them; some of them are remembered, by their ids."""
        told = self._of(sender, reason, ignored=True)
        told.messages += len(messages)
        for raw in messages[: MOST_NAMED - len(told.event_ids)]:
            if found := _MESSAGE_ID.search(raw):
                text = found[1].decode("utf-8", "replace")
                told.event_ids.append(accepted_event_id(sender.workspace, sender.name, text))

    def refused(self, sender: Sender, reason: str, messages: int) -> None:
        """The client was told to send them again later."""
        self._of(sender, reason, ignored=False).messages += messages

    async def run(self) -> None:
        """Tell every second until cancelled, and once more then."""
        try:
            while True:
                await asyncio.sleep(EVERY)
                with suppress(TransientError):  # told with the next ones
                    await self.tell()
        finally:
            with suppress(TransientError):
                await self.tell()

    async def tell(self) -> None:
        """Append what waits; what Kafka does not take keeps waiting.

        Raises:
            TransientError: Kafka did not take it.
        """
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        now = self._clock()
        try:
            await self._topic.append_many(
                [self._record(w, told, now) for w, told in waiting.items()]
            )
        except TransientError:
            for which, told in waiting.items():
                later = self._waiting.setdefault(which, _Told())
                later.messages += told.messages
                later.event_ids = (told.event_ids + later.event_ids)[:MOST_NAMED]
            raise

    def _of(self, sender: Sender, reason: str, *, ignored: bool) -> _Told:
        return self._waiting.setdefault((sender.workspace, sender.name, reason, ignored), _Told())

    def _record(self, which: _Which, told: _Told, now: datetime) -> Outgoing:
        workspace, source, reason, ignored = which
        payload = ReceptionRefused(
            source=source,
            reason=reason,
            ignored=ignored,
            messages=told.messages,
            event_ids=tuple(told.event_ids),
        )
        identity = derive("refused", self._new_id())
        event = encode_event(
            payload,
            id=identity,
            source=EDGE,
            subject=source,
            time=now,
            workspace=workspace,
            correlationid=identity,
        )
        headers = {"content-type": CONTENT_TYPE.encode()}
        return Outgoing(f"{workspace}/{source}".encode(), event_bytes(event), headers)
