"""The real processes of ingest as children, on an installation of their own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

from common.testing.installation import Installation, installed

ADMIN_KEY = "k_admin"
ADMIN = {"authorization": f"Bearer {ADMIN_KEY}"}
PATIENCE = 90.0
"""Seconds; a process imports its libraries for several of them on a busy machine."""


@dataclass
class Running:
    """A child and where it listens."""

    process: Process
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def until(
        self, condition: Callable[[], Awaitable[Any]], seconds: float = PATIENCE
    ) -> Any:
        """Ask again and again until the answer is true; a refused connection is a no, the child's end is a failure."""
        async with asyncio.timeout(seconds):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    answer = await condition()
                    if answer:
                        return answer
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.1):
                        code = await self.process.wait()
                    raise AssertionError(f"it ended with {code}: {self.log.read_text()[-2000:]}")

    async def ends(self, seconds: float = PATIENCE) -> int:
        async with asyncio.timeout(seconds):
            return await self.process.wait()


@dataclass
class Site:
    """One installation and the children that run on it."""

    installation: Installation
    logs: Path
    children: list[Running] = field(default_factory=list)

    async def start(self, process: str, *, port: int | None = None, **more: str) -> Running:
        port = port or _free_port()
        settings = self.installation.settings
        environment = {
            **os.environ,  # noqa: TID251 - what any child needs to start at all
            "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
            "CUESTREAM_TOPIC_PREFIX": settings.topic_prefix,
            "CUESTREAM_ADMIN_KEY_SHA256": sha256(ADMIN_KEY.encode()).hexdigest(),
            "CUESTREAM_PORT": str(port),
            **more,
        }
        log = self.logs / f"{process}-{len(self.children)}.log"
        with log.open("wb") as output:
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "ingest",
                process,
                env=environment,
                stdout=output,
                stderr=output,
            )
        running = Running(child, port, log)
        self.children.append(running)
        return running


@asynccontextmanager
async def opened(bootstrap: str, logs: Path) -> AsyncIterator[Site]:
    """A site whose children are gone afterwards."""
    async with installed(bootstrap) as installation:
        site = Site(installation, logs)
        try:
            yield site
        finally:
            for child in site.children:
                with contextlib.suppress(ProcessLookupError):
                    child.process.kill()
                await child.process.wait()


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])
