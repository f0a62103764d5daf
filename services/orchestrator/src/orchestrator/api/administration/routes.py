"""The routes by which keys are made and revoked, and the audit is read."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request

from common.clock import Clock
from common.errors import PermanentError
from orchestrator.api.access import Access
from orchestrator.api.administration.shapes import KnownKey, NewKey, ToldDeed, WantedKey
from orchestrator.api.publication.shapes import Refused
from orchestrator.ports.administration import Administration, AdminKey

PREFIX: Final = "cs_a_"
"""What admin keys begin with, so that one that got somewhere it should not be is found."""
_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    401: {"model": Refused},
    403: {"model": Refused, "description": "The key is for something else."},
    503: {"model": Refused, "description": "The store cannot be reached."},
}


def administration_routes(
    administration: Administration, access: Access, clock: Clock
) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["administration"], responses=_REFUSALS)

    @router.get("/keys")
    async def keys(request: Request) -> list[KnownKey]:
        """Every key that was ever made."""
        await access.require(request, "admin")
        return [_known(key) for key in await administration.keys()]

    @router.post("/keys", status_code=201)
    async def create(request: Request, wanted: WantedKey) -> NewKey:
        """Make a key; the answer is the only time at which it is seen."""
        by = await access.require(request, "admin")
        key = PREFIX + secrets.token_urlsafe(32)
        hashed = hashlib.sha256(key.encode()).hexdigest()
        made = AdminKey(wanted.name, hashed, wanted.scopes, clock(), by)
        await administration.create(made)
        return NewKey(**_known(made).model_dump(), key=key)

    @router.post("/keys/{name}/revoke")
    async def revoke(request: Request, name: str) -> KnownKey:
        """Let a key be of no use from now on."""
        by = await access.require(request, "admin")
        if not await administration.revoke(name, by=by, at=clock()):
            raise PermanentError("unknown_key", f"there is no key {name} that is of use")
        return next(_known(key) for key in await administration.keys() if key.name == name)

    @router.get("/audit")
    async def audit(
        request: Request,
        before: datetime | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[ToldDeed]:
        """Who did what, the newest first."""
        await access.require(request, "admin")
        return [
            ToldDeed(at=deed.at, who=deed.who, what=deed.what, detail=deed.detail)
            for deed in await administration.deeds(before, limit)
        ]

    return router


def _known(key: AdminKey) -> KnownKey:
    return KnownKey(
        name=key.name,
        scopes=list(key.scopes),
        created_at=key.created_at,
        created_by=key.created_by,
        revoked_at=key.revoked_at,
    )
