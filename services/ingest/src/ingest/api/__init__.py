"""The HTTP edge of ingest: the collector beside FastAPI, which describes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse

from ingest.api.collector import Collector
from ingest.api.reference import describe, page

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]

HEALTH = frozenset({"/livez", "/readyz", "/metrics"})
_ABOUT = "Takes events in from Segment's clients and answers once they are stored."


def build(collector: App, health: App) -> App:
    """One app of three: the hot path stays clear of the framework."""
    pages = _pages()

    async def edge(scope: Scope, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        if path.startswith("/v1/"):
            await collector(scope, receive, send)
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


__all__ = ["Collector", "build"]
