"""The real ASGI app around a log in memory, and a client that speaks ASGI to it."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from common.configuration import Configuration, Release, content_of
from common.contracts import Event, decode_event
from common.contracts.ingestion import EventAccepted
from common.errors import TransientError
from common.ids import fresh
from common.streaming.ports import Outgoing
from ingest.api.app import App, build
from ingest.api.collector import Collector
from ingest.api.hooks import Hooks
from ingest.api.keys import Keyring
from ingest.api.pacing import Pacing
from ingest.api.refusing import Refusals
from ingest.api.storing import Store
from services.ingest.tests.making import NOW

SERVER_KEY, BROWSER_KEY, LOCAL_KEY, SMALL_KEY = "k_server", "k_browser", "k_local", "k_small"
ORIGIN = "https://shop.example"
URL = "http://localhost:8080"


def _source(key: str, kind: str, more: str = "") -> str:
    return f"{{kind: {kind}, key_sha256: {sha256(key.encode()).hexdigest()}{more}}}"


WORKSPACE = f"""
sources:
  shop: {_source(SERVER_KEY, "server", ", limits: {events_per_second: 100, burst: 500}")}
  small: {_source(SMALL_KEY, "server", ", limits: {max_body: 2048}")}
  site: {_source(BROWSER_KEY, "browser", f", origins: ['{ORIGIN}']")}
  known: {_source(LOCAL_KEY, "server", ", local_only: true")}
senders: {{email: {{adapter: smtp, from: a@shop.example, from_name: Shop}}}}
brand: {{name: Shop, url: 'https://shop.example/', imprint: Shop}}
locales: [de]
"""


def configuration(text: str = WORKSPACE, *, plan: str | None = None) -> Configuration:
    contents = [content_of("workspace", "demo", {"workspace.yaml": text})]
    if plan is not None:
        contents.append(content_of("tracking_plan", "demo", {"plan.yaml": plan}))
    release = Release("demo", 1, tuple(contents))
    return Configuration({"demo": release}, {content.key: content for content in contents})


@dataclass
class MemoryLog:
    """The end of one topic, in memory; passes the same contract suite as the group commit."""

    records: list[Outgoing] = field(default_factory=list)
    failure: TransientError | None = None

    async def append_many(self, records: Sequence[Outgoing]) -> None:
        if self.failure is not None:
            raise self.failure
        self.records.extend(records)


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Edge:
    """The app, its logs, and a clock that is set by hand."""

    local: bool = False
    shares: int = 1
    configuration: Configuration = field(default_factory=configuration)
    events: MemoryLog = field(default_factory=MemoryLog)
    quarantine: MemoryLog = field(default_factory=MemoryLog)
    refusals: MemoryLog = field(default_factory=MemoryLog)
    now: datetime = NOW
    seconds: float = 0.0
    secrets: dict[str, str] = field(default_factory=dict)
    """What the environment of the process holds for webhooks."""
    patience: float = 4.0
    room: int = 64 * 1024 * 1024
    app: App = field(init=False)
    tell: Callable[[], Awaitable[None]] = field(init=False)
    """Appends what was refused, as the worker does every second."""

    def __post_init__(self) -> None:
        told = Refusals(self.refusals, lambda: self.now, fresh)
        pacing = Pacing(self.shares, lambda: self.seconds, self.room, told.refused)
        self.tell = told.tell
        store = Store(self.events, self.quarantine, lambda: self.now, _trace)
        hooks = Hooks(
            pacing=pacing,
            store=store,
            public_url=URL,
            secret_of=self.secrets.get,
            patience=self.patience,
        )
        collector = Collector(
            keyring=Keyring(lambda: self.configuration, local=self.local),
            pacing=pacing,
            store=store,
            refusals=told,
            public_url=URL,
            hooks=hooks,
        )
        self.app = build(collector, _healthy)

    async def post(
        self,
        path: str,
        body: bytes | object,
        *,
        key: str | None = SERVER_KEY,
        headers: Mapping[str, str] | None = None,
        chunk: int = 1 << 16,
    ) -> Reply:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = dict(headers or {})
        if key is not None:
            sent.setdefault("authorization", basic(key))
        return await self.request("POST", path, raw, sent, chunk=chunk)

    async def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        *,
        chunk: int = 1 << 16,
    ) -> Reply:
        chunks = [body[i : i + chunk] for i in range(0, len(body), chunk)] or [b""]
        messages: list[dict[str, Any]] = [
            {"type": "http.request", "body": part, "more_body": n < len(chunks) - 1}
            for n, part in enumerate(chunks)
        ]
        return await self.speak(method, path, messages, headers or {})

    async def speak(
        self,
        method: str,
        path: str,
        messages: Sequence[Mapping[str, Any]],
        headers: Mapping[str, str] | Sequence[tuple[str, str]],
    ) -> Reply:
        path, _, query = path.partition("?")
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        incoming = iter(messages)
        outgoing: list[dict[str, Any]] = []

        async def receive() -> Any:
            return next(incoming, {"type": "http.disconnect"})

        async def send(message: Any) -> None:
            outgoing.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "scheme": "http",
            "server": ("localhost", 8080),
            "client": ("127.0.0.1", 1),
            "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in pairs],
        }
        await self.app(scope, receive, send)
        if not outgoing:
            return Reply(0, {}, b"")
        return Reply(
            outgoing[0]["status"],
            {k.decode(): v.decode("latin-1") for k, v in outgoing[0]["headers"]},
            b"".join(part.get("body", b"") for part in outgoing[1:]),
        )

    @property
    def stored(self) -> list[tuple[Event, EventAccepted]]:
        """What was accepted, decoded as resolve will."""
        decoded = (decode_event(record.value or b"") for record in self.events.records)
        return [(event, event.payload(EventAccepted)) for event in decoded]

    @property
    def set_aside(self) -> list[str]:
        return [record.headers["reason"].decode() for record in self.quarantine.records]


def basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


def track(user: str = "u1", **more: Any) -> dict[str, Any]:
    return {"type": "track", "userId": user, "event": "Product Added", **more}


def _trace() -> str:
    return "00-" + "1" * 32 + "-" + "2" * 16 + "-01"


async def _healthy(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})
