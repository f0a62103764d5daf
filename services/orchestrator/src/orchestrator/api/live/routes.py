"""The pages for people: the live decisions, a profile's timeline, and the door to them."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from importlib import resources
from typing import Annotated
from urllib.parse import parse_qs, quote, urlencode
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sse_starlette import EventSourceResponse
from starlette.staticfiles import StaticFiles

from common.clock import Clock
from orchestrator.api.access import COOKIE, SESSION, Access
from orchestrator.api.live.board import OUTCOMES, Board, View
from orchestrator.api.live.rendering import Pages, link, timeline
from orchestrator.api.live.stream import stream
from orchestrator.api.story.routes import Teller

LONGEST_FORM = 4096
"""Bytes of a login; an admin key is short."""

Workspace = Annotated[str | None, Query(max_length=100)]


class AwayError(Exception):
    """The reader has to sign in first."""


def static_files() -> StaticFiles:
    return StaticFiles(directory=str(resources.files("orchestrator.api") / "static"))


def shown(
    pages: Pages, access: Access, request: Request, name: str, status: int = 200, **values: object
) -> HTMLResponse:
    """A page as an answer that nobody keeps."""
    signed_in = not access.local and access.signed_in(request)
    text = pages.page(name, signed_in=signed_in, **values)
    return HTMLResponse(text, status, {"Cache-Control": "no-store"})


def admit(access: Access, request: Request) -> None:
    """Let those in who may see pages.

    Raises:
        AwayError: the reader has to sign in first.
    """
    if not access.admits_page(request):
        raise AwayError


def page_routes(  # noqa: C901 - one function a page, none of them branches much
    board: Board, pages: Pages, teller: Teller, access: Access, clock: Clock
) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    render = partial(shown, pages, access)

    @router.get("/")
    async def live(
        request: Request, workspace: Workspace = None, outcome: Workspace = None
    ) -> Response:
        admit(access, request)
        view = View(workspace or None, outcome if outcome in OUTCOMES else None)
        decisions = board.newest(view)
        after = decisions[0].mark if decisions else None
        query = {"workspace": view.workspace, "outcome": view.outcome, "after": after}
        return render(
            request,
            "live",
            view=view,
            decisions=decisions,
            tallies=board.tallies(clock(), view.workspace),
            workspaces=sorted({*board.workspaces(), *filter(None, [view.workspace])}),
            here=link(view.workspace, view.outcome),
            stream=f"/events?{urlencode({name: value for name, value in query.items() if value})}",
        )

    @router.get("/events")
    async def events(
        request: Request,
        workspace: Workspace = None,
        outcome: Workspace = None,
        after: Workspace = None,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> Response:
        admit(access, request)
        messages = stream(
            board, pages, View(workspace, outcome), clock, after=last_event_id or after
        )
        return EventSourceResponse(messages, headers={"Cache-Control": "no-store"})

    @router.get("/profiles")
    async def find(request: Request, id: str = "") -> Response:
        admit(access, request)
        return RedirectResponse(f"/profiles/{quote(id.strip(), safe='')}", 303)

    @router.get("/profiles/{id}")
    async def profile(
        request: Request,
        id: str,
        workspace: Workspace = None,
        hours: Annotated[int, Query(ge=1, le=2160)] = 720,
    ) -> Response:
        admit(access, request)
        try:
            profile_id = UUID(id)
        except ValueError:
            detail = "A profile’s id looks like 5f0e8c1a-3b1d-5c1e-9d5e-0a4b6d2f7c11. `cuestream profile show user:ID` finds it."
            return render(request, "trouble", 404, title="No such profile", detail=detail)
        story = await teller.story(
            profile_id, workspace=workspace or None, since=clock() - timedelta(hours=hours)
        )
        here = link(workspace or None, None, f"/profiles/{profile_id}")
        return render(
            request,
            "profile",
            story=story,
            days=timeline(story.entries),
            here=here,
            here_since=f"{here}{'&' if '?' in here else '?'}hours=24",
        )

    @router.get("/login")
    async def login(request: Request, next: str = "/") -> Response:
        return render(request, "login", refused=None, next=next)

    @router.post("/login")
    async def sign_in(request: Request) -> Response:
        form = parse_qs((await request.body())[:LONGEST_FORM].decode("utf-8", "replace"))
        key, target = form.get("key", [""])[0], form.get("next", ["/"])[0]
        if not access.knows(key.strip()):
            refused = "This is not the admin key."
            return render(request, "login", 401, refused=refused, next=target)
        response = RedirectResponse(_own(target), 303)
        response.set_cookie(
            COOKIE,
            access.ticket(),
            max_age=int(SESSION.total_seconds()),
            httponly=True,
            secure=access.secure,
            samesite="lax",
        )
        return response

    @router.post("/logout")
    async def sign_out() -> Response:
        response = RedirectResponse("/login", 303)
        response.delete_cookie(COOKIE)
        return response

    return router


def to_login(request: Request) -> Response:
    """Where a reader who has not signed in is sent, to come back afterwards."""
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?{urlencode({'next': target})}", 303)


def _own(target: str) -> str:
    """The target if it is a path of ours; another site's address would make us its decoy."""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/"
