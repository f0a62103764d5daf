"""The pages of the playbooks: which are in force, each as a picture with who waits where, and the people themselves."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from orchestrator.api.access import Access
from orchestrator.api.live.rendering import Pages
from orchestrator.api.live.routes import Workspace, admit, shown
from orchestrator.api.playbooks.looking import Look

AT_ONCE: Final = 50
"""People on one page."""
Name = Annotated[str | None, Query(max_length=200)]


def playbook_pages(look: Look, pages: Pages, access: Access) -> APIRouter:
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
            picture=await look.picture(workspace, name, on),
            on=on,
            step=step or None,
            people=people,
            here=f"/playbooks/{workspace}/{name}",
        )

    return router
