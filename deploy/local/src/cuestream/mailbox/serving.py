"""The HTTP side: three calls of Mailpit's API, a page for people, and health."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib.resources import files

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cuestream.mailbox.reading import Message, Summary
from cuestream.mailbox.store import Mails

_ONLY_OURS = "default-src 'self'; frame-src 'self'; form-action http: https:; base-uri 'none'"
# A mail is a stranger's page: no scripts, no requests but for pictures, no access to ours.
_STRANGER = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "img-src http: https: data:; style-src 'unsafe-inline'; font-src http: https: data:"
)
_MOST = 100_000


class Listing(msgspec.Struct, frozen=True):
    """The answer to `GET /api/v1/messages`."""

    total: int
    unread: int
    count: int
    messages_count: int
    messages_unread: int
    start: int
    tags: list[str]
    messages: list[Summary]


def build(mails: Mails) -> Starlette:
    """The application."""
    edge = _Edge(mails)
    return Starlette(
        routes=[
            Route("/api/v1/messages", edge.messages),
            Route("/api/v1/message/{id}", edge.message),
            Route("/api/v1/message/{id}/raw", edge.raw),
            Route("/view/{id}", edge.view),
            Route("/livez", edge.healthy),
            Route("/readyz", edge.healthy),
            Route("/metrics", edge.metrics),
            Route("/", _asset("index.html", "text/html")),
            Route("/mailbox.css", _asset("mailbox.css", "text/css")),
            Route("/mailbox.js", _asset("mailbox.js", "text/javascript")),
        ]
    )


class _Edge:
    def __init__(self, mails: Mails) -> None:
        self._mails = mails

    async def messages(self, request: Request) -> Response:
        """`?start=` to skip, `?limit=` (50)."""
        try:
            start = max(0, int(request.query_params.get("start", "0")))
            limit = min(max(0, int(request.query_params.get("limit", "50"))), _MOST)
        except ValueError:
            return _json({"Error": "start and limit are numbers"}, status=400)
        chosen = await asyncio.to_thread(self._mails.newest, start, limit)
        total, unread = len(self._mails), self._mails.unread
        return _json(Listing(total, unread, len(chosen), total, unread, start, [], chosen))

    async def message(self, request: Request) -> Response:
        """Also `latest`."""
        found = await self._found(request)
        return _json({"Error": "message not found"}, status=404) if found is None else _json(found)

    async def raw(self, request: Request) -> Response:
        """The mail's source."""
        raw = await asyncio.to_thread(self._mails.raw, self._id(request))
        if raw is None:
            return _json({"Error": "message not found"}, status=404)
        return Response(raw, media_type="text/plain; charset=utf-8")

    async def view(self, request: Request) -> Response:
        """The HTML part alone, for a frame."""
        found = await self._found(request)
        if found is None:
            return PlainTextResponse("no such mail", status_code=404)
        headers = {"Content-Security-Policy": _STRANGER}
        return Response(found.HTML, media_type="text/html; charset=utf-8", headers=headers)

    async def healthy(self, _request: Request) -> Response:
        """It listens for SMTP before it serves HTTP."""
        return PlainTextResponse("ok")

    async def metrics(self, _request: Request) -> Response:
        """How many mails there are."""
        text = f"# TYPE cuestream_mailbox_mails gauge\ncuestream_mailbox_mails {len(self._mails)}\n"
        return PlainTextResponse(text)

    async def _found(self, request: Request) -> Message | None:
        return await asyncio.to_thread(self._mails.message, self._id(request))

    def _id(self, request: Request) -> str:
        id_ = str(request.path_params["id"])
        return (self._mails.latest() or "") if id_ == "latest" else id_


def _json(content: msgspec.Struct | dict[str, str], status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def _asset(name: str, media_type: str) -> Callable[[Request], Response]:
    content = (files("cuestream.mailbox") / "page" / name).read_bytes()

    def serve(_request: Request) -> Response:
        headers = {"Content-Security-Policy": _ONLY_OURS, "Cache-Control": "no-cache"}
        return Response(content, media_type=f"{media_type}; charset=utf-8", headers=headers)

    return serve
