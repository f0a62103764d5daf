"""The stream of server-sent events behind the live page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from sse_starlette import ServerSentEvent

from common.clock import Clock, monotonic
from orchestrator.api.live.board import Board, View
from orchestrator.api.live.rendering import Pages

PACE = 0.25
"""Seconds between two messages, so that a burst of decisions becomes one."""
MOST = 50
"""Decisions in one message; of a greater burst the page shows the newest, the tallies count all."""
TALLIES_PACE = 1.0
"""Seconds between two looks at the tallies; the hour moves on also when nothing falls."""


async def stream(
    board: Board, pages: Pages, view: View, clock: Clock, *, after: str | None
) -> AsyncIterator[ServerSentEvent]:
    """What falls after the decision with the mark `after` (None: after now), until the board closes."""
    number = board.number if after is None else board.number_of(after)
    if number is None:
        # The browser was away for longer than the board remembers: it has to look at the page anew.
        yield ServerSentEvent(event="renew", data="")
        number = board.number
    told = 0.0
    while not board.closed:
        fresh = board.newest(view, after=number, limit=MOST)
        number = board.number
        if fresh:
            yield ServerSentEvent(event="decision", id=fresh[0].mark, data=pages.decisions(fresh))
        if monotonic() - told >= TALLIES_PACE:
            told = monotonic()
            tallies = board.tallies(clock(), view.workspace)
            yield ServerSentEvent(event="tallies", data=pages.tallies(tallies, view))
        await asyncio.sleep(PACE)
        with suppress(TimeoutError):
            async with asyncio.timeout(TALLIES_PACE):
                await board.changed(number)
