"""The stream of server-sent events behind the page of sources."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from sse_starlette import ServerSentEvent

from common.clock import Clock
from orchestrator.api.live.rendering import Pages
from orchestrator.api.sources.board import Choice, SourceBoard

PACE = 1.0
"""Seconds between two messages."""
LOOK_AGAIN = 30.0
"""Seconds after which a board on which nothing happens is looked at: it may be old by now."""


async def stream(
    board: SourceBoard, pages: Pages, choice: Choice, clock: Clock
) -> AsyncIterator[ServerSentEvent]:
    """What the page shows, whole, at once and whenever it changes, until the board closes."""
    shown = None
    while not board.closed:
        number = board.number
        html = sources_html(board, pages, choice, clock)
        if html != shown:
            shown = html
            yield ServerSentEvent(event="sources", data=html)
            await asyncio.sleep(PACE)
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_AGAIN):
                await board.changed(number)


def sources_html(board: SourceBoard, pages: Pages, choice: Choice, clock: Clock) -> str:
    """The part of the page that changes."""
    silent_since = board.as_of if board.silent(clock()) else None
    if choice.source is None:
        sources = board.all(choice.workspace)
        return pages.page("_sources", sources=sources, silent_since=silent_since)
    source = board.one(choice)
    return pages.page("_source", source=source, choice=choice, silent_since=silent_since)
