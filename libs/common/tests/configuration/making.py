"""Contents, releases and their records for the configuration's tests."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from uuid import UUID

from common.configuration import Content, content_of
from common.contracts import Payload, encode_event, event_bytes
from common.contracts.configuration import ConfigurationPublished, ConfigurationReleased
from common.streaming.ports import Outgoing

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = hashlib.sha256(b"key").hexdigest()
OTHER_KEY = hashlib.sha256(b"other").hexdigest()
WORKSPACE = f"""\
sources:
  shop: {{kind: server, key_sha256: {KEY}}}
brand: {{name: Shop, url: https://shop.example/, imprint: Shop GmbH}}
locales: [de, en]
"""


def workspace(name: str = "shop", more: str = "") -> Content:
    return content_of("workspace", name, {"workspace.yaml": WORKSPACE + more})


def playbook(name: str = "cart", text: str = "purpose: marketing\n") -> Content:
    return content_of("playbook", name, {"journey.yaml": text})


def record(key: str, payload: Payload, workspace: str = "*") -> Outgoing:
    event = encode_event(
        payload,
        id=UUID(int=1),
        source="/test",
        subject=key,
        time=NOW,
        workspace=workspace,
        correlationid=UUID(int=1),
    )
    return Outgoing(key.encode(), event_bytes(event))


def published(content: Content, *, key: str = "") -> Outgoing:
    payload = ConfigurationPublished(
        kind=content.kind, name=content.name, hash=content.hash, files=dict(content.files)
    )
    return record(key or content.key, payload)


def released(name: str, number: int, *contents: Content, live: bool = False) -> Outgoing:
    payload = ConfigurationReleased(
        number=number,
        contents=tuple(sorted(content.key for content in contents)),
        live=live,
        published_at=NOW,
        published_by="test",
    )
    return record(f"release/{name}", payload, name)


def tombstone(key: str) -> Outgoing:
    return Outgoing(key.encode(), None)


def altered(content: Content) -> Content:
    return Content(content.kind, content.name, content.hash, {"journey.yaml": "other"})
