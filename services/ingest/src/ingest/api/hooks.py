"""Webhooks: a vendor's request is verified, stored verbatim and thanked for, as that vendor wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ingest.api.answers import Answer, RefusedError, as_json
from ingest.api.keys import Sender, Senders
from ingest.api.pacing import Pacing
from ingest.api.requests import BodyReader, Receive
from ingest.api.storing import Store, flagged, judged, told
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
    store: Store
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
        with self.pacing.room(sender, len(body), len(items)):
            self.pacing.admit(sender, len(items))
            messages, rejected = await self._stored(sender, request, items)
        if vendor.thanks is not None:
            return Answer(200, vendor.thanks, kind=vendor.thanks_type.encode())
        aside = [told(message) for message in rejected]
        answer: dict[str, object] = {"success": True, "accepted": len(messages), "rejected": aside}
        flags = flagged(sender, messages, rejected)
        return as_json(200, {**answer, "flagged": flags} if flags else answer)

    async def _stored(
        self, sender: Sender, request: Request, items: Sequence[Item]
    ) -> tuple[list[Message], list[Rejected]]:
        messages, rejected = await judged(
            items, _judge(sender, request.received_at), at_once=_SLICE, unparsable="invalid_body"
        )
        try:
            async with asyncio.timeout(self.patience):
                await self.store.keep(
                    sender,
                    messages,
                    rejected,
                    protocol=PROTOCOL,
                    again="send it again",
                    received_at=request.received_at,
                )
        except TimeoutError as error:
            raise RefusedError(503, "kafka_slow", "send it again", retry_after=2) from error
        return messages, rejected

    def _request(self, scope: MutableMapping[str, Any], body: bytes) -> Request:
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        query = scope.get("query_string", b"").decode("latin-1")
        uri = self.public_url + path + (f"?{query}" if query else "")
        return Request(scope["method"], uri, headers, body, self.store.clock())

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


def _sender(senders: Senders, path: str) -> Sender:
    names = tuple(path.partition(PREFIX)[2].rstrip("/").split("/"))
    sender = senders.hooks.get(names)
    if sender is None:
        detail = (
            "no workspace has this source of webhooks, or several: /v1/hooks/{workspace}/{source}"
        )
        raise RefusedError(404, "unknown_source", detail)
    return sender


def _judge(sender: Sender, received_at: datetime) -> Callable[[Item, int], Message | Rejected]:
    source = sender.source

    def judge(item: Item, index: int) -> Message | Rejected:
        return judge_item(
            item,
            index,
            Heading(source.kind, item.topic, source.ids == "shared"),
            source=sender.name,
            received_at=received_at,
            vendors=VENDORS,
            guard=sender.guard,
        )

    return judge
