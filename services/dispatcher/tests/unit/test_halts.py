"""What the api tells of halts: those in force, to the admin alone."""

from __future__ import annotations

import hashlib
from functools import partial

import httpx

from dispatcher.api import Edge, build
from dispatcher.domain.recipient import address_hash
from dispatcher.ports import Halt
from services.dispatcher.tests.fakes import FakeAppender, FakeArchive, FakeRulebook
from services.dispatcher.tests.making import NOW


async def test_halts_in_force_are_told_to_the_admin_alone() -> None:
    edge = Edge(
        withdrawals=FakeAppender(),
        commands=FakeAppender(),
        accepted=FakeAppender(),
        archive=FakeArchive(in_force=[Halt("*", "admin", NOW)]),
        rulebook=FakeRulebook(),
        clock=lambda: NOW,
        secrets=[b"new-secret-new-secret"],
        admin_key_sha256=hashlib.sha256(b"open sesame").hexdigest(),
        public_url="https://mail.example.org",
        hashed=partial(address_hash, b"pepper"),
    )
    transport = httpx.ASGITransport(build(edge))
    async with httpx.AsyncClient(
        transport=transport, base_url="https://mail.example.org"
    ) as client:
        stranger = await client.get("/v1/halts")
        admin = await client.get("/v1/halts", headers={"Authorization": "Bearer open sesame"})

    assert stranger.status_code == 401
    [halt] = admin.json()
    assert (halt["workspace"], halt["by"]) == ("*", "admin")
