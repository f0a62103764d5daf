"""The routes of the playbooks in force."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from orchestrator.api.access import Access
from orchestrator.api.playbooks.looking import Look
from orchestrator.api.playbooks.operating import Operator
from orchestrator.api.playbooks.pages import PICTURE_HEADERS
from orchestrator.api.playbooks.shapes import (
    Cancelling,
    Commanded,
    Enrolling,
    Listed,
    Pausing,
    People,
    Resuming,
    Selected,
    Selecting,
    Told,
)
from orchestrator.api.publication.shapes import Applied, Refused

_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    401: {"model": Refused},
    403: {"model": Refused, "description": "The key is for something else."},
    404: {"model": Refused, "description": "No such playbook there."},
    503: {"model": Refused, "description": "The store or the log cannot be reached."},
}
Where = Annotated[str, Query(description="The workspace.", max_length=63)]
Version = Annotated[str | None, Query(description="Default: the one in force.", max_length=64)]


def playbook_routes(  # noqa: C901 - one function a route, none of them branches
    look: Look, operator: Operator, access: Access
) -> APIRouter:
    router = APIRouter(prefix="/v1/playbooks", tags=["playbooks"], responses=_REFUSALS)

    @router.get("")
    async def playbooks(
        request: Request, workspace: Annotated[str | None, Query(max_length=63)] = None
    ) -> list[Listed]:
        """Every playbook in force, and those in which somebody is still under way."""
        await access.require(request, "read")
        return await look.all(workspace)

    @router.post("/select")
    async def select(request: Request, asked: Selecting) -> Selected:
        """Of the next thousand customers, those for whom a condition holds: a dry run before they are enrolled."""
        await access.require(request, "read")
        return await operator.select(asked)

    @router.get("/{name}")
    async def playbook(request: Request, name: str, workspace: Where) -> Told:
        """What a playbook says, and how many wait where."""
        await access.require(request, "read")
        return await look.told(workspace, name)

    @router.get("/{name}/picture", response_class=Response)
    async def picture(
        request: Request, name: str, workspace: Where, version: Version = None
    ) -> Response:
        """The journey as SVG, with how many wait at each step."""
        await access.require(request, "read")
        drawn = await look.picture(workspace, name, version)
        return Response(drawn, media_type="image/svg+xml", headers=PICTURE_HEADERS)

    @router.get("/{name}/people")
    async def people(
        request: Request,
        name: str,
        workspace: Where,
        version: Version = None,
        step: Annotated[str | None, Query(description="A step's id.", max_length=200)] = None,
        after: Annotated[str | None, Query(max_length=100)] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> People:
        """Who is under way on one version, page by page."""
        await access.require(request, "read")
        return await look.people(
            workspace, name, version=version, step=step, after=after, at_most=limit
        )

    @router.post("/{name}/enroll", status_code=202)
    async def enroll(request: Request, name: str, asked: Enrolling) -> Commanded:
        """Ask that profiles enter now, as if the trigger had matched; entry decides as ever."""
        return await operator.enroll(name, asked, by=await access.require(request, "enroll"))

    @router.post("/{name}/cancel", status_code=202)
    async def cancel(request: Request, name: str, asked: Cancelling) -> Commanded:
        """Ask that what profiles have under way in it ends."""
        return await operator.cancel(name, asked, by=await access.require(request, "enroll"))

    @router.post("/{name}/pause")
    async def pause(request: Request, name: str, asked: Pausing) -> Applied:
        """Nobody begins and nobody goes on but by exits, until it is resumed."""
        return await operator.pause(name, asked, by=await access.require(request, "publish"))

    @router.post("/{name}/resume")
    async def resume(request: Request, name: str, asked: Resuming) -> Applied:
        """It goes on; what was held does so as is said here."""
        return await operator.resume(name, asked, by=await access.require(request, "publish"))

    return router
