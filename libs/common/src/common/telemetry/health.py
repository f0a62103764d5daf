"""The small ASGI app that every process serves: is it alive, is it ready, what does it count."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from common.errors import PermanentError, TransientError

log = structlog.get_logger(__name__)

_READY_SECONDS = 2.0
_JSON = "application/json"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

Ready = Callable[[], Awaitable[Mapping[str, bool | str]]]
"""What must be there: True is fine; False, or a sentence, is what misses."""


@dataclass(frozen=True, slots=True)
class Request:
    """A GET of one of a process's own routes."""

    params: Mapping[str, str]
    """What stood in the braces of the route's path."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""


Handler = Callable[[Request], Awaitable[tuple[int, object]]]
"""Answers with a status and what becomes JSON. TransientError becomes 503, PermanentError 400."""


def health_app(
    ready: Ready,
    routes: Mapping[str, Handler] | None = None,
    *,
    alive: Callable[[], bool] = lambda: True,
) -> App:
    """`/livez`, `/readyz`, `/metrics`, and routes of the process's own, such as `/v1/messages/{message_id}`."""
    table = [(_pattern(path), handler) for path, handler in (routes or {}).items()]

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        status, content_type, body = await _answer(scope, ready, alive, table)
        headers = [(b"content-type", content_type.encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def _answer(
    scope: Scope,
    ready: Ready,
    alive: Callable[[], bool],
    table: Iterable[tuple[re.Pattern[str], Handler]],
) -> tuple[int, str, bytes]:
    path = scope["path"]
    if scope["method"] not in ("GET", "HEAD"):
        return _json(405, {"error": "method_not_allowed", "detail": "only GET"})
    if path == "/livez":
        return _json(200, {"alive": True}) if alive() else _json(503, {"alive": False})
    if path == "/readyz":
        return await _readiness(ready)
    if path == "/metrics":
        return 200, CONTENT_TYPE_LATEST, generate_latest(REGISTRY)
    for pattern, handler in table:
        match = pattern.fullmatch(path)
        if match is not None:
            return _json(*await _handled(handler, scope, match.groupdict()))
    return _json(404, {"error": "not_found", "detail": "no such page"})


async def _readiness(ready: Ready) -> tuple[int, str, bytes]:
    try:
        async with asyncio.timeout(_READY_SECONDS):
            state = await ready()
    except TransientError as error:
        state = {error.reason: error.detail}
    except TimeoutError:
        state = {"timeout": f"no answer within {_READY_SECONDS} s"}
    missing = {what: how for what, how in state.items() if how is not True}
    if missing:
        return _json(503, {"ready": False, "missing": missing})
    return _json(200, {"ready": True})


async def _handled(handler: Handler, scope: Scope, params: dict[str, str]) -> tuple[int, object]:
    request = Request(
        params=params,
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers={
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        },
    )
    try:
        return await handler(request)
    except TransientError as error:
        return 503, {"error": error.reason, "detail": error.detail}
    except PermanentError as error:
        return 400, {"error": error.reason, "detail": error.detail}
    except Exception:
        log.exception("request_failed", name=getattr(handler, "__qualname__", ""))
        return 500, {"error": "internal", "detail": "a bug; the log has its place"}


def _pattern(path: str) -> re.Pattern[str]:
    """What is at the end may hold slashes, as a message id may: servers decode the path before we see it."""
    parts = re.split(r"\{(\w+)\}", path)
    forms = [f"(?P<{p}>[^/]+)" if i % 2 else re.escape(p) for i, p in enumerate(parts)]
    if len(parts) > 1 and not parts[-1]:
        forms[-2] = f"(?P<{parts[-2]}>(?s:.+))"
    return re.compile("".join(forms))


def _json(status: int, body: object) -> tuple[int, str, bytes]:
    return status, _JSON, msgspec.json.encode(body)
