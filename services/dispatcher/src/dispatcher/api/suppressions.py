"""Addresses and people that must not be written to, as operators and other systems know them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field, StringConstraints

from dispatcher.api.admin import admin_router
from dispatcher.api.edge import Edge
from dispatcher.domain.recipient import usable_email

EVERY = "*"
MOST = 1_000
"""At once; each is acknowledged before the answer."""
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_BY_MAIL = frozenset({"email", "ads"})
_BY_PHONE = frozenset({"sms", "phone", "ads"})


class Suppressed(BaseModel):
    """One address, on one channel or on all that can use it."""

    channel: Annotated[str, StringConstraints(pattern=r"^(email|sms|phone|ads|\*)$")]
    address: Annotated[str, StringConstraints(min_length=3, max_length=400)]
    reason: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")] = "imported"
    """`unsubscribed` holds until the person agrees anew, and leaves what an order brings with it; all others hold for good."""


class SuppressedPerson(BaseModel):
    """Somebody, by every address that is known now or will be, on every channel and for every purpose."""

    profile_id: UUID
    reason: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")] = "hard_stop"
    transactional: bool = False
    """Whether also what an order brings with it is not sent. Once it is not, it stays so."""


class Suppressions(BaseModel):
    """A workspace's."""

    workspace: Annotated[str, Field(min_length=1, max_length=100)]
    suppressions: Annotated[list[Suppressed], Field(max_length=MOST)] = []
    people: Annotated[list[SuppressedPerson], Field(max_length=MOST)] = []


class Rejected(BaseModel):
    """One that is no address."""

    index: int
    reason: str
    detail: str


class Taken(BaseModel):
    """What became of them; from now on no sender claims against one."""

    accepted: int
    rejected: list[Rejected]


def routes(edge: Edge) -> APIRouter:
    """What an operator brings along."""
    router = admin_router(edge)

    @router.post("/suppressions")
    async def suppress(told: Suppressions) -> Taken:
        """Use these addresses no more, write to these people no more; in the log addresses are hashes only."""
        if edge.rulebook.rules(told.workspace) is None:
            raise HTTPException(404, f"there is no workspace {told.workspace}")
        good = [one for one in told.suppressions if _is_address(one)]
        bad = [index for index, one in enumerate(told.suppressions) if not _is_address(one)]
        await asyncio.gather(
            *(
                edge.ban(told.workspace, channel, one.address, one.reason)
                for one in good
                for channel in _channels(one)
            ),
            *(
                edge.ban_person(
                    told.workspace, one.profile_id, one.reason, transactional=one.transactional
                )
                for one in told.people
            ),
        )
        detail = "no mail address, or no phone number with its country, as the channel needs"
        return Taken(
            accepted=len(good) + len(told.people),
            rejected=[Rejected(index=i, reason="no_address", detail=detail) for i in bad],
        )

    return router


def _is_address(told: Suppressed) -> bool:
    """Whether a sender of that channel could ever meet it: what is hashed for another one stops nothing."""
    return bool(_channels(told))


def _channels(told: Suppressed) -> Sequence[str]:
    """The channels on which it is met, of those that were told."""
    mail = _BY_MAIL if usable_email(told.address) is not None else ()
    phone = _BY_PHONE if _PHONE.fullmatch(told.address) else ()
    met = {*mail, *phone}
    return sorted(met if told.channel == EVERY else met & {told.channel})
