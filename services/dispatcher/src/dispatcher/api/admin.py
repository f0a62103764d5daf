"""What operators ask: halt, resume, and what became of a delivery."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, Field

from common.telemetry import is_admin
from dispatcher.api.edge import Edge
from dispatcher.ports import DeliveryReport

EVERY = "*"


class Scope(BaseModel):
    """Whose sending is meant."""

    workspace: Annotated[str, Field(min_length=1, max_length=100)]
    """A workspace's name, or `*` for all of them."""


class Halted(BaseModel):
    """What holds from now on; within a second no sender claims against it."""

    workspace: str
    halted: bool


class HaltView(BaseModel):
    """A halt in force, as the senders have read it."""

    workspace: str
    by: str
    at: datetime


class DeliveryView(BaseModel):
    """A delivery as it stands; who it goes to is known only as a profile id."""

    delivery_id: UUID
    workspace: str
    profile_id: UUID
    state: str
    reason: str
    due_at: datetime
    expires_at: datetime
    attempts: int
    claimed_at: datetime | None
    provider: str
    playbook: str
    message: str
    channel: str
    purpose: str


def admin_router(edge: Edge) -> APIRouter:
    """For routes that demand the admin key."""

    def admin(request: Request) -> None:
        if not is_admin(dict(request.headers), edge.admin_key_sha256):
            raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})

    return APIRouter(prefix="/v1", tags=["admin"], dependencies=[Depends(admin)])


def routes(edge: Edge) -> APIRouter:
    """What operators ask of sending."""
    router = admin_router(edge)

    @router.post("/halt")
    async def halt(scope: Scope) -> Halted:
        """Nothing more is claimed for the workspace until it is resumed."""
        return await _change(edge, scope.workspace, halted=True)

    @router.post("/resume")
    async def resume(scope: Scope) -> Halted:
        """Sending goes on; what expired meanwhile is skipped."""
        return await _change(edge, scope.workspace, halted=False)

    @router.get("/halts")
    async def halts() -> list[HaltView]:
        """What holds now."""
        found = await edge.archive.halts()
        return [HaltView(workspace=one.scope, by=one.by, at=one.at) for one in found]

    @router.get("/deliveries/{delivery_id}")
    async def delivery(delivery_id: UUID) -> DeliveryView:
        """What became of it."""
        report = await edge.archive.report(delivery_id)
        if report is None:
            raise HTTPException(404)
        return _view(report)

    return router


async def _change(edge: Edge, workspace: str, *, halted: bool) -> Halted:
    # A name with a slip would be answered 200, and everything would go on being sent.
    if workspace != EVERY and edge.rulebook.rules(workspace) is None:
        raise HTTPException(404, f"there is no workspace {workspace}")
    await edge.halt(workspace, halted=halted)
    return Halted(workspace=workspace, halted=halted)


def _view(report: DeliveryReport) -> DeliveryView:
    return DeliveryView(**{name: getattr(report, name) for name in DeliveryView.model_fields})
