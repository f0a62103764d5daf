"""Webhooks: a vendor's request is verified, stored verbatim and thanked for, as that vendor wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.clock import Clock
from common.errors import TransientError
from common.streaming.ports import Outgoing
from ingest.api import metrics
from ingest.api.answers import Answer, RefusedError, as_json
from ingest.api.keys import Sender, Senders
from ingest.api.pacing import Pacing
from ingest.api.records import Reception
from ingest.api.requests import BodyReader, Receive
from ingest.domain.collecting import Message, Rejected, UnparsableError
from ingest.domain.webhooks import (
    PROTOCOL,
    VENDORS,
    ForgedError,
    Heading,
    Item,
    Request,
    Vendor,
    judge_item,
    verified,
)
from ingest.ports import Appender

PREFIX = "hooks/"
PATIENCE = 4.0
"""Seconds for Kafka to take it: Shopify gives up after five, and deletes the subscription after eight failures."""
MOST_ITEMS = 1_000
SHORTEST = 8
"""Characters of a secret; a shorter one is a mistake in the environment, and would be guessed."""
_SLICE = 20
"""Events read in one go: a large request must not keep others waiting."""

SecretOf = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Hooks:
    """All under `/v1/hooks/`."""

    pacing: Pacing
    events: Appender
    quarantine: Appender
    clock: Clock
    new_trace: Callable[[], str]
    public_url: str
    secret_of: SecretOf
    """Asked at each request, so that a secret that is replaced counts at once."""
    patience: float = PATIENCE
    bodies: BodyReader = field(default_factory=BodyReader)

    async def answer(
        self, scope: MutableMapping[str, Any], receive: Receive, senders: Senders
    ) -> Answer:
        """Take a request.

        Raises:
            RefusedError: 400, 401, 404, 405, 413, 429 or 503; the vendor sends it again, or tells its user.
        """
        if scope["method"] != "POST":
            raise RefusedError(405, "wrong_method", "use POST")
        sender = _sender(senders, scope["path"])
        vendor = VENDORS[sender.source.kind]
        body = await self.bodies.read(
            receive, sender.source.limits.max_body, dict(scope["headers"]).get(b"content-length")
        )
        request = self._request(scope, body)
        if vendor.greeting(request):
            return as_json(200, {"success": True})
        items = self._verified(vendor, request, sender)
        self.pacing.admit(sender, len(items))
        messages, rejected = await _judged(items, sender, request)
        await self._store(sender, request, messages, rejected)
        if vendor.thanks is not None:
            return Answer(200, vendor.thanks, kind=vendor.thanks_type.encode())
        told = [
            {"index": r.index, "messageId": r.message_id, "reason": r.reason, "detail": r.detail}
            for r in rejected
        ]
        return as_json(200, {"success": True, "accepted": len(messages), "rejected": told})

    def _request(self, scope: MutableMapping[str, Any], body: bytes) -> Request:
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        query = scope.get("query_string", b"").decode("latin-1")
        uri = self.public_url + path + (f"?{query}" if query else "")
        return Request(scope["method"], uri, headers, body, self.clock())

    def _verified(self, vendor: Vendor, request: Request, sender: Sender) -> Sequence[Item]:
        known = (self.secret_of(name) for name in sender.source.secrets)
        secrets = [secret for secret in known if secret and len(secret) >= SHORTEST]
        if not secrets:
            detail = "none of this source's secrets is set (with 8 characters or more) where ingest api runs"
            raise RefusedError(503, "no_secret", detail, retry_after=60)
        try:
            items = verified(vendor, request, secrets, sender.source.account)
        except ForgedError as forged:
            raise RefusedError(401, forged.reason, forged.detail) from forged
        except UnparsableError as error:
            raise RefusedError(400, "invalid_body", str(error)) from error
        if len(items) > MOST_ITEMS:
            raise RefusedError(413, "too_many_messages", f"more than {MOST_ITEMS} at once")
        return items

    async def _store(
        self,
        sender: Sender,
        request: Request,
        messages: Sequence[Message],
        rejected: Sequence[Rejected],
    ) -> None:
        trace = self.new_trace().encode("ascii")
        reception = Reception(sender, request.received_at, None, trace, protocol=PROTOCOL)
        try:
            async with asyncio.timeout(self.patience):
                await _append(self.events, [reception.accepted(message) for message in messages])
                await _append(self.quarantine, [reception.rejected(m) for m in rejected])
        except TimeoutError as error:
            raise RefusedError(503, "kafka_slow", "send it again", retry_after=2) from error
        except TransientError as error:
            raise RefusedError(503, error.reason, "send it again", retry_after=2) from error
        metrics.accepted_by(sender.workspace, sender.name).inc(len(messages))
        for message in rejected:
            metrics.REJECTED.labels(sender.workspace, sender.name, message.reason).inc()


async def _append(topic: Appender, records: Sequence[Outgoing]) -> None:
    if records:
        await topic.append_many(records)


def _sender(senders: Senders, path: str) -> Sender:
    names = tuple(path.partition(PREFIX)[2].rstrip("/").split("/"))
    sender = senders.hooks.get(names)
    if sender is None:
        detail = (
            "no workspace has this source of webhooks, or several: /v1/hooks/{workspace}/{source}"
        )
        raise RefusedError(404, "unknown_source", detail)
    return sender


async def _judged(
    items: Sequence[Item], sender: Sender, request: Request
) -> tuple[list[Message], list[Rejected]]:
    messages: list[Message] = []
    rejected: list[Rejected] = []
    source = sender.source
    for index, item in enumerate(items):
        if index % _SLICE == _SLICE - 1:
            await asyncio.sleep(0)
        heading = Heading(source.kind, item.topic, source.ids == "shared")
        try:
            judged = judge_item(
                item,
                index,
                heading,
                source=sender.name,
                received_at=request.received_at,
                vendors=VENDORS,
            )
        except UnparsableError as error:
            raise RefusedError(400, "invalid_body", str(error)) from error
        if isinstance(judged, Message):
            messages.append(judged)
        else:
            rejected.append(judged)
    return messages, rejected
