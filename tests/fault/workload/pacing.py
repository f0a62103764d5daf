"""How clients keep time: a message is due at its moment, and who got no answer waits before the next try."""

from __future__ import annotations

import asyncio
from contextlib import suppress


async def let_pass(seconds: float) -> None:
    """Let so many seconds pass; they belong to what a client does, no test waits for anything by them."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()
