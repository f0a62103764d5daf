"""What every way in does with a request's messages: judge them without keeping others waiting, store them, count them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from common.clock import Clock
from common.errors import TransientError
from common.streaming.ports import Outgoing
from ingest.api import metrics
from ingest.api.answers import RefusedError
from ingest.api.keys import Sender
from ingest.api.records import Reception
from ingest.domain.collecting import Message, Rejected, UnparsableError
from ingest.ports import Appender

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Store:
    """Where messages go that were accepted, and those that were set aside."""

    events: Appender
    quarantine: Appender
    clock: Clock
    new_trace: Callable[[], str]

    async def keep(
        self,
        sender: Sender,
        messages: Sequence[Message],
        rejected: Sequence[Rejected],
        *,
        protocol: str,
        again: str,
        received_at: datetime | None = None,
        sent_at: datetime | None = None,
        history: bool = False,
    ) -> None:
        """Append and count them; received now where nothing else is said.

        Raises:
            RefusedError: 503, Kafka does not take them; `again` says what to do.
        """
        trace = self.new_trace().encode("ascii")
        at = self.clock() if received_at is None else received_at
        reception = Reception(sender, at, sent_at, trace, protocol=protocol, history=history)
        try:
            await _append(self.events, [reception.accepted(message) for message in messages])
            await _append(self.quarantine, [reception.rejected(message) for message in rejected])
        except TransientError as error:
            raise RefusedError(503, error.reason, again, retry_after=2) from error
        metrics.accepted_by(sender.workspace, sender.name).inc(len(messages))
        for message in rejected:
            metrics.REJECTED.labels(sender.workspace, sender.name, message.reason).inc()
        if sender.guard is not None:
            _count_violations(sender, [*messages, *rejected])


async def judged(
    items: Iterable[T],
    judge: Callable[[T, int], Message | Rejected],
    *,
    at_once: int,
    unparsable: str,
) -> tuple[list[Message], list[Rejected]]:
    """Judge them, so many in one go: a large request must not keep others waiting.

    Raises:
        RefusedError: 400 `unparsable`, one of them cannot even be rejected.
    """
    messages: list[Message] = []
    rejected: list[Rejected] = []
    for index, item in enumerate(items):
        if index % at_once == at_once - 1:
            await asyncio.sleep(0)
        try:
            found = judge(item, index)
        except UnparsableError as error:
            raise RefusedError(400, unparsable, str(error)) from error
        if isinstance(found, Message):
            messages.append(found)
        else:
            rejected.append(found)
    return messages, rejected


def told(message: Rejected) -> dict[str, object]:
    """What the sender is told of a message that was set aside."""
    return {
        "index": message.index,
        "messageId": message.message_id,
        "reason": message.reason,
        "detail": message.detail,
    }


def flagged(
    sender: Sender, messages: Sequence[Message], rejected: Sequence[Rejected]
) -> list[dict[str, object]]:
    """What the tracking plan flags, by its place in the request."""
    if sender.guard is None or not any(m.verdict and m.verdict.flagged for m in messages):
        return []
    gone = {message.index for message in rejected}
    places = (index for index in range(len(messages) + len(rejected)) if index not in gone)
    return [
        {"index": index, "messageId": message.message_id, "reason": v.flaw, "detail": v.detail}
        for index, message in zip(places, messages, strict=True)
        if (v := message.verdict) is not None and v.flagged
    ]


def _count_violations(sender: Sender, messages: Sequence[Message | Rejected]) -> None:
    for message in messages:
        if message.verdict is not None:
            metrics.count_violation(sender.workspace, sender.name, message.verdict)


async def _append(topic: Appender, records: Sequence[Outgoing]) -> None:
    if records:
        await topic.append_many(records)
