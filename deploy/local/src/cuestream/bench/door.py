"""Sees that the collector holds its door as it promises, before it is measured: a bench with an open door would tell nothing."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec

from cuestream.bench.sending import EVENT_BYTES, LOADS, requests
from cuestream.bench.sides import BROWSER_KEY, KEY, ORIGIN, PLANNED, WORKERS
from cuestream.failures import FindingError
from cuestream.stack.ports import LOOPBACK

TIGHT = "tight"
_SLOW_KEY, _CAPPED_KEY = "cs_s_slow", "cs_s_capped"


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()


TIGHT_FILE = f"""
quota: {{events_per_second: 0.01, burst: 1}}
sources:
  slow:
    kind: server
    key_sha256: {_hash(_SLOW_KEY)}
    limits: {{events_per_second: 0.01, burst: 1, max_body: 1024}}
  capped: {{kind: server, key_sha256: {_hash(_CAPPED_KEY)}}}
senders: {{email: {{adapter: smtp, from: bench@shop.example, from_name: Bench}}}}
contact_policy: {{time_zone: Europe/Berlin}}
brand: {{name: Bench, url: "https://shop.example/", imprint: Bench}}
locales: [en]
"""
"""A second workspace beside the bench's, whose limits everybody meets."""

_BATCH = requests(LOADS[-1])().partition(b"\r\n\r\n")[2]


def _one(event: str, **more: Any) -> bytes:
    return msgspec.json.encode(
        {"batch": [{"type": "track", "event": event, "userId": "door", **more}]}
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """One request, and how it is answered if the rule is in force."""

    rule: str
    status: int
    says: bytes
    body: bytes = _BATCH
    key: str | None = KEY
    more: Mapping[str, str] = field(default_factory=dict)
    tries: int = 1
    """Each worker has its own share of what a source or a workspace may send."""


_OFTEN = 8 * WORKERS
_LOOKS = (
    _Look("keys", 401, b"unknown_key", key=None),
    _Look("keys", 401, b"unknown_key", key="cs_s_another"),
    _Look("keys", 200, b'"accepted":100'),
    _Look("keys", 200, b'"accepted":100', key=BROWSER_KEY, more={"origin": ORIGIN}),
    _Look("origins", 401, b"unknown_origin", key=BROWSER_KEY, more={"origin": "https://x.example"}),
    _Look("checks of every message", 200, b"no_identity", body=_one(PLANNED[0], userId=None)),
    _Look("checks of every message", 200, b"nul_character", body=_one(PLANNED[0], x="\0")),
    _Look("tracking plan", 200, b"unknown_event", body=_one("Door Opened")),
    _Look("tracking plan", 200, b"schema_violation", body=_one(PLANNED[-1], properties={"price": -1})),
    _Look("size of a body", 413, b"body_too_large", key=_SLOW_KEY),
    _Look("rate of a source", 429, b"too_fast", body=_one("x"), key=_SLOW_KEY, tries=_OFTEN),
    _Look("quota of a workspace", 429, b"quota_exceeded", key=_CAPPED_KEY, tries=_OFTEN),
)  # fmt: skip


def in_force(port: int) -> tuple[str, ...]:
    """Ask for each rule; returns their names.

    Raises:
        FindingError: one is not in force.
    """
    for look in _LOOKS:
        answers = [_answer(port, look)]
        while not _is_so(look, answers[-1]) and len(answers) < look.tries:
            answers.append(_answer(port, look))
        if not _is_so(look, answers[-1]):
            status, body = answers[-1]
            told = body[:EVENT_BYTES].decode("utf-8", "replace")
            raise FindingError(f"The collector is measured without {look.rule}: {status} {told}")
    return tuple(dict.fromkeys(look.rule for look in _LOOKS))


def _is_so(look: _Look, answer: tuple[int, bytes]) -> bool:
    status, body = answer
    return status == look.status and look.says in body


def _answer(port: int, look: _Look) -> tuple[int, bytes]:
    headers = {"content-type": "application/json", **look.more}
    if look.key is not None:
        headers["authorization"] = f"Bearer {look.key}"
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    try:
        connection.request("POST", "/v1/batch", look.body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
