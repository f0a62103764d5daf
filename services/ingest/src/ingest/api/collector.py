"""The collector: takes messages in as Segment's clients send them, as a plain ASGI app for speed."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.clock import monotonic
from ingest.api import metrics
from ingest.api.answers import Answer, Header, RefusedError, Send, as_json, picture, refusal
from ingest.api.browsers import cross_origin, preflight, settings_document
from ingest.api.doors import PIXEL, Door, door_of
from ingest.api.hooks import PREFIX, Hooks
from ingest.api.keys import Keyring, Sender, Senders, key_of
from ingest.api.pacing import Pacing
from ingest.api.refusing import Refusals
from ingest.api.requests import BodyReader, ClientGoneError, Receive
from ingest.api.storing import Store, flagged, judged, told
from ingest.domain.collecting import (
    Bundle,
    Message,
    Reason,
    Rejected,
    UnknownPixelError,
    UnparsableError,
    Unseen,
    page_origin,
    read_pixel,
    unseen,
)

Scope = MutableMapping[str, Any]

SWALLOWED = ("m",)
"""What browsers report about themselves."""
MOST_MESSAGES = 20_000
_SLICE = 200
"""Messages judged in one go: a large batch must not keep others waiting."""

_NOTHING_REJECTED = b',"rejected":[]}'


@dataclass(frozen=True, slots=True)
class Collector:
    """All under `/v1/`."""

    keyring: Keyring
    pacing: Pacing
    store: Store
    public_url: str
    hooks: Hooks
    refusals: Refusals
    bodies: BodyReader = field(default_factory=BodyReader)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        more: Sequence[Header] = ()
        try:
            senders = self.keyring.senders()
            more = cross_origin(headers, senders)
            answer = await self._answer(scope, headers, receive, senders)
        except RefusedError as refused:
            answer = refused.answer
            metrics.REFUSED.labels(refused.error).inc()
        except ClientGoneError:
            return
        await answer.send(send, more)

    async def _answer(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, senders: Senders
    ) -> Answer:
        name = scope["path"][4:].rstrip("/")
        method = scope["method"]
        if method == "OPTIONS":
            return preflight(headers)
        if name.startswith(PREFIX):
            return await self.hooks.answer(scope, receive, senders)
        if name.startswith("projects/"):
            return self._settings(name, method, senders)
        if name == "pixel.gif":
            return await self._pixel(scope, headers, senders)
        door = None if name in SWALLOWED else door_of(name, scope["headers"])
        if door is None and name not in SWALLOWED:
            raise RefusedError(404, "unknown_address", "see /docs for the addresses there are")
        if method != "POST":
            raise RefusedError(405, "wrong_method", "use POST")
        if door is None:
            return as_json(200, {"success": True})
        return await self._collect(door, headers, receive, senders)

    def _settings(self, name: str, method: str, senders: Senders) -> Answer:
        _, key, rest = (*name.split("/", 2), "")[:3]
        if rest != "settings":
            raise RefusedError(404, "unknown_address", "see /docs for the addresses there are")
        if method != "GET":
            raise RefusedError(405, "wrong_method", "use GET")
        senders.find(key)
        return as_json(200, settings_document(key, self.public_url))

    async def _pixel(self, scope: Scope, headers: dict[bytes, bytes], senders: Senders) -> Answer:
        try:
            return picture(await self._fetched(scope, headers, senders))
        except RefusedError as refused:
            metrics.REFUSED.labels(refused.error).inc()
            return picture(refused.answer)

    async def _fetched(self, scope: Scope, headers: dict[bytes, bytes], senders: Senders) -> Answer:
        if scope["method"] not in {"GET", "HEAD"}:
            raise RefusedError(405, "wrong_method", "use GET")
        try:
            pixel = read_pixel(scope["query_string"], headers)
        except UnknownPixelError as error:
            raise RefusedError(400, "unknown_pixel", str(error)) from error
        sender = _shown(senders.find(pixel.key or ""), page_origin(headers))
        if scope["method"] == "HEAD":
            return as_json(200, {})
        return await self._take(PIXEL, Bundle([pixel.body]), sender, unseen(headers))

    async def _collect(
        self, door: Door, headers: dict[bytes, bytes], receive: Receive, senders: Senders
    ) -> Answer:
        key = key_of(headers.get(b"authorization"))
        if key is None and not door.key_in_body:
            raise _no_key()
        sender = None if key is None else _admitted(senders.find(key), headers)
        limit = senders.largest_body if sender is None else sender.source.limits.max_body
        declared = headers.get(b"content-length")
        body = await self.bodies.read(receive, limit, declared, verbatim=door.verbatim)
        begun = monotonic()
        try:
            bundle = _parsed(door, body)
            if sender is None:
                sender = _admitted(_named(senders, bundle), headers)
                if len(body) > sender.source.limits.max_body:
                    raise RefusedError(413, "body_too_large", "more than this source may send")
            why = unseen(headers) if sender.source.kind == "browser" else None
            return await self._take(door, bundle, sender, why)
        finally:
            metrics.SECONDS.observe(monotonic() - begun)

    async def _take(self, door: Door, bundle: Bundle, sender: Sender, why: Unseen | None) -> Answer:
        count, size = len(bundle.messages), sum(map(len, bundle.messages))
        if count > MOST_MESSAGES:
            raise RefusedError(413, "too_many_messages", f"more than {MOST_MESSAGES} at once")
        with self.pacing.room(sender, size, count):
            self.pacing.admit(sender, count)
            if why is not None:
                self.refusals.ignored(sender, why, bundle.messages)
                return _ignored(count, sender, why)
            return await self._stored(door, bundle, sender)

    async def _stored(self, door: Door, bundle: Bundle, sender: Sender) -> Answer:
        messages, rejected = await judged(
            bundle.messages, _judge(door, sender), at_once=_SLICE, unparsable=door.unparsable
        )
        await self.store.keep(
            sender,
            messages,
            rejected,
            protocol=door.protocol,
            again="send it again with the same messageId",
            sent_at=bundle.sent_at,
            history=door.history,
        )
        if door.single and rejected:
            error = rejected[0].reason
            said = {**refusal(error, rejected[0].detail), **told(rejected[0])}
            return as_json(400, said, error=error)
        return _taken(len(messages), rejected, flagged(sender, messages, rejected))


def _admitted(sender: Sender, headers: dict[bytes, bytes]) -> Sender:
    origin = headers.get(b"origin")
    if not sender.accepts(None if origin is None else origin.decode("latin-1")):
        raise RefusedError(401, "unknown_origin", "this browser key does not count on this page")
    return sender


def _shown(sender: Sender, origin: str | None) -> Sender:
    """A pixel's key stands in an address that all can read; mails and careful browsers do not say where it is shown."""
    if sender.source.kind != "browser":
        raise RefusedError(401, "unknown_key", "a pixel needs a browser key")
    if origin is not None and not sender.accepts(origin):
        raise RefusedError(401, "unknown_origin", "this browser key does not count on this page")
    return sender


def _ignored(messages: int, sender: Sender, why: Unseen) -> Answer:
    """Answered as good, so that nobody sends it again, and with what became of it."""
    metrics.IGNORED.labels(sender.workspace, sender.name, why).inc(messages)
    told = {"success": True, "accepted": 0, "rejected": [], "ignored": messages, "reason": why}
    return as_json(200, told)


def _named(senders: Senders, bundle: Bundle) -> Sender:
    if bundle.write_key is None:
        raise _no_key()
    return senders.find(bundle.write_key)


def _no_key() -> RefusedError:
    return RefusedError(401, "unknown_key", "no write key was given")


def _parsed(door: Door, body: bytes) -> Bundle:
    try:
        return door.read(body)
    except UnparsableError as error:
        raise RefusedError(400, door.unparsable, str(error)) from error


def _judge(door: Door, sender: Sender) -> Callable[[bytes, int], Message | Rejected]:
    def judge(raw: bytes, index: int) -> Message | Rejected:
        found = door.judge(raw, index, sender.guard)
        if isinstance(found, Message) and found.of_product and sender.source.kind == "browser":
            return _forbidden(found, index)
        return found

    return judge


def _forbidden(message: Message, index: int) -> Rejected:
    """Everybody can read a browser key in the page, and would set the prices."""
    reason: Reason = "server_key_needed"
    return Rejected(
        message.raw, index, message.message_id, reason, "only servers say what is for sale"
    )


def _taken(accepted: int, rejected: Sequence[Rejected], flags: Sequence[object]) -> Answer:
    if not rejected and not flags:
        return Answer(200, b'{"success":true,"accepted":%d' % accepted + _NOTHING_REJECTED)
    items = [told(message) for message in rejected]
    answer: dict[str, object] = {"success": True, "accepted": accepted, "rejected": items}
    return as_json(200, {**answer, "flagged": flags} if flags else answer)
