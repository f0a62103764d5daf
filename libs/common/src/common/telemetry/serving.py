"""Serves an ASGI app inside the process that owns the loop, quietly and without touching its signals."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from typing_extensions import override

from common.errors import PermanentError

_GRACE_SECONDS = 3


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    @override
    def capture_signals(self) -> Generator[None, None, None]:
        yield  # `run_process` has them


@asynccontextmanager
async def serve(app: Any, host: str, port: int, *, shared: bool = False) -> AsyncIterator[int]:
    """Answer requests while the body runs; gives the port (a free one where 0 was asked for).

    Leaving stops accepting and gives requests under way 3 s. `shared` lets several processes of this machine listen on
    one port, the kernel spreading connections among them.

    Raises:
        PermanentError: `port_taken`, the address cannot be listened on.
    """
    listener = _listener(host, port, shared=shared)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_keep_alive=65,  # longer than a load balancer's minute, so that it is the one to hang up
        timeout_graceful_shutdown=_GRACE_SECONDS,
        backlog=2048,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await asyncio.wait({serving}, timeout=_GRACE_SECONDS + 2)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        listener.close()


def _listener(host: str, port: int, *, shared: bool) -> socket.socket:
    # Bound here, because uvicorn ends the process when it cannot.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048, reuse_port=shared)
    except OSError as error:
        raise PermanentError("port_taken", f"cannot listen on {host}:{port}") from error
