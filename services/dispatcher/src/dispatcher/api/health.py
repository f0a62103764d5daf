"""The health pages beside the app: they must answer while nothing else does, and stay out of its schema."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_PATHS = frozenset({"/livez", "/readyz", "/metrics"})


def with_health(app: App, health: App) -> App:
    """One ASGI app of the two."""

    async def both(scope: Scope, receive: Receive, send: Send) -> None:
        chosen = health if scope.get("path") in _PATHS else app
        await chosen(scope, receive, send)

    return both
