"""The edge without brokers and a database: what is asked of it over HTTP, and what it appended."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from dispatcher.api import Edge, build
from dispatcher.domain.recipient import address_hash
from services.dispatcher.tests.fakes import FakeAppender, FakeArchive, FakeRulebook
from services.dispatcher.tests.making import NOW

SECRETS = [b"new-secret-new-secret", b"old-secret-old-secret"]
ADMIN = {"Authorization": "Bearer open sesame"}


@dataclass
class World:
    app: Any
    client: httpx.AsyncClient
    withdrawals: FakeAppender = field(default_factory=FakeAppender)
    commands: FakeAppender = field(default_factory=FakeAppender)
    accepted: FakeAppender = field(default_factory=FakeAppender)
    archive: FakeArchive = field(default_factory=FakeArchive)


@asynccontextmanager
async def edge_world() -> AsyncIterator[World]:
    withdrawals, commands, archive = FakeAppender(), FakeAppender(), FakeArchive()
    accepted = FakeAppender()
    edge = Edge(
        withdrawals=withdrawals,
        commands=commands,
        accepted=accepted,
        archive=archive,
        rulebook=FakeRulebook(),
        clock=lambda: NOW,
        secrets=SECRETS,
        admin_key_sha256=hashlib.sha256(b"open sesame").hexdigest(),
        public_url="https://mail.example.org",
        hashed=partial(address_hash, b"pepper"),
    )
    app = build(edge)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="https://mail.example.org"
    ) as client:
        yield World(app, client, withdrawals, commands, accepted, archive)
