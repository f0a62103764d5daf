"""The routes by which configuration is planned and applied."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from orchestrator.api.access import Access
from orchestrator.api.publication.publishing import Publisher
from orchestrator.api.publication.shapes import (
    Applied,
    InForce,
    Planned,
    Publication,
    PublishedContent,
    Refused,
)

_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": Refused},
    409: {
        "model": Refused,
        "description": "Somebody else published since the plan, or an earlier one still moves passages.",
    },
    422: {"model": Refused, "description": "The configuration has problems."},
    503: {"model": Refused, "description": "The store or the log cannot be reached."},
}


def publication_routes(publisher: Publisher, access: Access) -> APIRouter:
    router = APIRouter(prefix="/v1/configuration", tags=["configuration"], responses=_REFUSALS)

    @router.get("")
    async def in_force(request: Request) -> list[InForce]:
        """The newest release of every workspace."""
        await access.require(request, "read")
        return await publisher.in_force()

    @router.get("/contents/{kind}/{name}@{hash_}")
    async def content(request: Request, kind: str, name: str, hash_: str) -> PublishedContent:
        """A content of before, by its hash or the beginning of it; sent again, it is a rollback."""
        await access.require(request, "read")
        return await publisher.content(kind, name, hash_)

    @router.post("/plan")
    async def plan(request: Request, publication: Publication) -> Planned:
        """Say what `apply` would change, without changing it."""
        await access.require(request, "read")
        return await publisher.plan(publication)

    @router.post("/apply")
    async def apply(request: Request, publication: Publication) -> Applied:
        """Store and announce what differs; the same contents again change nothing."""
        return await publisher.apply(publication, by=await access.require(request, "publish"))

    return router
