"""What browsers need beside the endpoints: leave to call across origins, and Segment's settings document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ingest.api.answers import NO_CONTENT, Answer, Header
from ingest.api.keys import Senders

_TOKENS = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,500}")
_SECONDS = b"600"


def cross_origin(headers: Mapping[bytes, bytes], senders: Senders) -> tuple[Header, ...]:
    """The headers that let a page of a listed origin read the answer, whatever it is."""
    origin = headers.get(b"origin")
    if origin is None:
        return ()
    varies: Header = (b"vary", b"origin")
    if not senders.knows_origin(origin.decode("latin-1")):
        return (varies,)
    return (
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", b"retry-after"),
        varies,
    )


def preflight(headers: Mapping[bytes, bytes]) -> Answer:
    """The question before the question; `cross_origin` adds whether the origin is a known one."""
    asked = headers.get(b"access-control-request-headers", b"")
    allowed = asked if _TOKENS.fullmatch(asked) else b"authorization, content-type"
    return Answer(
        NO_CONTENT,
        b"",
        (
            (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
            (b"access-control-allow-headers", allowed),
            (b"access-control-max-age", _SECONDS),
        ),
    )


def settings_document(key: str, public_url: str) -> dict[str, Any]:
    """What `analytics-next` asks for before anything else: send all events here, load nothing else."""
    protocol, _, host = public_url.partition("://")
    every: dict[str, Any] = {"__default": {"enabled": True, "integrations": {}}}
    return {
        "integrations": {
            "Segment.io": {
                "apiKey": key,
                "apiHost": f"{host}/v1",
                "protocol": protocol,
                "unbundledIntegrations": [],
                "addBundledMetadata": True,
                "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
            }
        },
        "plan": {"track": every, "identify": every, "group": every},
        "edgeFunction": {},
        "analyticsNextEnabled": True,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0},
        "legacyVideoPluginsEnabled": False,
        "remotePlugins": [],
    }
