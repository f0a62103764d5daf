"""How the supervisor finds out that something serves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx


def http_probe(client: httpx.AsyncClient, port: int) -> Callable[[], Awaitable[bool]]:
    """True when `/readyz` of a process on this machine says 200."""

    async def ask() -> bool:
        try:
            answer = await client.get(f"http://127.0.0.1:{port}/readyz", timeout=2.0)
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK

    return ask


def in_thread(probe: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    """A blocking probe that does not hold up the others."""

    async def ask() -> bool:
        return await asyncio.to_thread(probe)

    return ask
