"""One app of three: the collector beside FastAPI, which describes it, and beside the health pages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse

from ingest.api.answers import RefusedError, as_json
from ingest.api.collector import Collector
from ingest.api.metrics import exposition
from ingest.api.reference import describe, page

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]

HEALTH = frozenset({"/livez", "/readyz", "/metrics"})
_ABOUT = "Takes events in from Segment's clients and answers once they are stored."


class Gate:
    """Stands before the app until there is one: alive, not ready, and everything else waits, or is to be sent again."""

    def __init__(self, patience: float) -> None:
        """`patience` in seconds: as long as a request may take when Kafka is slow."""
        self._patience = patience
        self._app: App | None = None
        self._opened = asyncio.Event()

    def open(self, app: App) -> None:
        self._app = app
        self._opened.set()

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        path = scope.get("path")
        if self._app is None and path not in HEALTH:
            # Another worker on this port is ready already, and said so for both.
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience):
                    await self._opened.wait()
        if self._app is not None:
            await self._app(scope, receive, send)
        elif path == "/livez":
            await as_json(200, {"alive": True}).send(send)
        else:
            refused = RefusedError(503, "kafka_unavailable", "still starting", retry_after=2)
            await refused.answer.send(send)


def build(collector: App, health: App, *, counters: Path | None = None) -> App:
    """One app of three: the hot path stays clear of the framework.

    `counters` is where workers that share the port keep theirs: whoever is asked answers for all.
    """
    pages = _pages()

    async def edge(scope: Scope, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        if path.startswith("/v1/"):
            await collector(scope, receive, send)
        elif path == "/metrics" and counters is not None:
            await exposition(counters).send(send)
        elif path in HEALTH:
            await health(scope, receive, send)
        else:
            await pages(scope, receive, send)

    return edge


@cache
def _pages() -> FastAPI:
    app = FastAPI(
        title="cuestream ingest", description=_ABOUT, version="1", docs_url=None, redoc_url=None
    )
    document = describe(
        get_openapi(title=app.title, version=app.version, description=_ABOUT, routes=app.routes)
    )
    app.openapi = lambda: document  # type: ignore[method-assign] # FastAPI's own way to extend it
    html = page(document)

    @app.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    async def docs() -> str:
        return html

    return app


__all__ = ["App", "Collector", "Gate", "build"]
