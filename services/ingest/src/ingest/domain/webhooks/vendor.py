"""What one vendor's module declares, and the ways in which its requests hold events."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ingest.domain.collecting.body import read_batch, read_call
from ingest.domain.identifiers import text_of
from ingest.domain.webhooks.mapping import Field, Meaning, Values, look
from ingest.domain.webhooks.signatures import Request, Scheme

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Item:
    """One event of a request."""

    body: bytes = field(repr=False)
    """Verbatim where it is JSON; as a JSON text where it is not."""
    topic: str
    message_id: str
    """The vendor's; made of the body where the vendor gave none."""


Split = Callable[[Request], Sequence[Item]]
"""Gives the events of a request.

Raises:
    UnparsableError: it is not what this vendor sends.
"""


def _as_it_is(value: object) -> Values:
    return value if isinstance(value, dict) else {}


def _never(_: Request) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Vendor:
    """How one kind of sender is understood."""

    scheme: Scheme
    split: Split
    topics: Mapping[str, Meaning]
    otherwise: Meaning | None = None
    """What any other topic means; None: it is set aside as `unknown_topic`."""
    values: Callable[[object], Values] = _as_it_is
    """The payload's values from its decoded body."""
    account: Field | None = None
    """Where a payload names the shop or organisation that it comes from."""
    greeting: Callable[[Request], bool] = _never
    """Whether it is a mere hello, unsigned, that wants nothing but an answer."""
    thanks: bytes | None = None
    """What the vendor wants to be answered; None: our own answer will do."""
    thanks_type: str = JSON

    def meaning(self, topic: str) -> Meaning | None:
        """What a topic's payloads mean."""
        return self.topics.get(topic, self.otherwise)


Reads = Callable[[Request, Any], str | None]
"""Something about a request, from its headers or from its decoded body."""


def header(*names: str) -> Reads:
    """The first of these headers that is there."""
    return lambda request, _: next((v for name in names if (v := request.header(name))), None)


def member(field: Field) -> Reads:
    """Of the body."""
    return lambda _, value: text_of(look(_as_it_is(value), field))


def fingerprint(request: Request, _: Any) -> str:
    """What tells this body from others; for vendors whose ids do not."""
    return digest_of(request.body)


def digest_of(body: bytes) -> str:
    """Of the same body always the same."""
    return hashlib.sha256(body).hexdigest()[:32]


def one_object(topic: Reads, *message_id: Reads) -> Split:
    """The body is one JSON object; its id is put together from parts, all of which are needed."""

    def split(request: Request) -> Sequence[Item]:
        (body,) = read_call(request.body).messages
        return [_item(request, body, topic, message_id)]

    return split


def list_of_objects(topic: Reads, *message_id: Reads) -> Split:
    """The body is a JSON array of events."""

    def split(request: Request) -> Sequence[Item]:
        # A member of an object, so that one bad event costs none of the others.
        messages = read_batch(b'{"batch":' + request.body + b"}").messages
        return [_item(request, body, topic, message_id) for body in messages]

    return split


def _item(request: Request, body: bytes, topic: Reads, parts: Sequence[Reads]) -> Item:
    value = _decoded(body)
    read = [part(request, value) for part in parts]
    said = [part for part in read if part]
    # Without its id a repetition is told by what it says.
    message_id = ":".join(said) if len(said) == len(parts) else digest_of(body)
    return Item(body, topic(request, value) or "", message_id[:200])


def _decoded(body: bytes) -> object:
    """What is wrong with it is said where it is judged."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
