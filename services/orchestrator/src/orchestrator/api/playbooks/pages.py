"""The pages of the playbooks: which are in force, each as a picture with who waits where, and the people themselves."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from common.clock import Clock
from orchestrator.api.access import Access
from orchestrator.api.live.rendering import Pages, address
from orchestrator.api.live.routes import Workspace, admit, shown
from orchestrator.api.playbooks.looking import Look

AT_ONCE: Final = 50
"""People on one page."""
PICTURE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Cache-Control": "no-store",
}
"""A picture brings its own style, and nothing else."""
Name = Annotated[str | None, Query(max_length=200)]


def playbook_pages(look: Look, pages: Pages, access: Access, clock: Clock) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/playbooks")
    async def playbooks(request: Request, workspace: Workspace = None) -> Response:
        admit(access, request)
        listed = await look.all(None)
        chosen = [one for one in listed if workspace in (None, "", one.workspace)]
        return shown(
            pages,
            access,
            request,
            "playbooks",
            playbooks=chosen,
            workspace=workspace or None,
            workspaces=sorted({one.workspace for one in listed}),
        )

    @router.get("/playbooks/{workspace}/{name}")
    async def playbook(
        request: Request,
        workspace: str,
        name: str,
        version: Name = None,
        step: Name = None,
        after: Name = None,
    ) -> Response:
        admit(access, request)
        told = await look.told(workspace, name)
        on = version or told.version or next((one.version for one in told.waits), None)
        people = await look.people(
            workspace, name, version=on, step=step or None, after=after or None, at_most=AT_ONCE
        )
        return shown(
            pages,
            access,
            request,
            "playbook",
            told=told,
            picture=address(
                f"/playbooks/{workspace}/{name}/picture.svg",
                version=on,
                # Another address, or the browser shows the one that it has.
                at=clock().isoformat(timespec="seconds"),
            ),
            on=on,
            step=step or None,
            after=after or None,
            people=people,
            here=f"/playbooks/{workspace}/{name}",
        )

    @router.get("/playbooks/{workspace}/{name}/picture.svg")
    async def picture(
        request: Request, workspace: str, name: str, version: Name = None
    ) -> Response:
        admit(access, request)
        drawn = await look.picture(workspace, name, version)
        return Response(drawn, media_type="image/svg+xml", headers=PICTURE_HEADERS)

    return router
