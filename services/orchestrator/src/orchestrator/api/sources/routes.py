"""The page of sources and the stream that keeps it live."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sse_starlette import EventSourceResponse

from common.clock import Clock
from orchestrator.api.access import Access
from orchestrator.api.live.rendering import Pages, address
from orchestrator.api.live.routes import Workspace, admit, shown
from orchestrator.api.sources.board import Choice, SourceBoard
from orchestrator.api.sources.stream import sources_html, stream

Name = Annotated[str | None, Query(max_length=300)]


def source_routes(board: SourceBoard, pages: Pages, access: Access, clock: Clock) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/sources")
    async def sources(
        request: Request, workspace: Workspace = None, source: Name = None
    ) -> Response:
        admit(access, request)
        choice = Choice(workspace or None, source or None)
        return shown(
            pages,
            access,
            request,
            "sources",
            choice=choice,
            content=sources_html(board, pages, choice, clock),
            workspaces=sorted({*board.workspaces(), *filter(None, [choice.workspace])}),
            stream=address("/sources/events", workspace=choice.workspace, source=choice.source),
        )

    @router.get("/sources/events")
    async def events(
        request: Request, workspace: Workspace = None, source: Name = None
    ) -> Response:
        admit(access, request)
        messages = stream(board, pages, Choice(workspace or None, source or None), clock)
        return EventSourceResponse(messages, headers={"Cache-Control": "no-store"})

    return router
