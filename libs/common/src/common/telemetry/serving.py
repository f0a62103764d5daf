"""Serves an ASGI app inside the process that owns the loop, quietly and without touching its signals."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import uvicorn
from typing_extensions import override

from common.errors import PermanentError

_GRACE_SECONDS = 3
_LAST = (b"connection", b"close")
_STOPPING = {
    "type": "http.response.start",
    "status": 503,
    "headers": [(b"content-type", b"application/json")],
}


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    @override
    def capture_signals(self) -> Generator[None, None, None]:
        yield  # `run_process` has them


class _Door:
    """The app, until it closes: from then on `/readyz` sends balancers away, and every answer is its connection's last."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.closing = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not self.closing or scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_last(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], _LAST]}
            await send(message)

        if scope["path"] == "/readyz":
            await send_last(_STOPPING)
            await send_last({"type": "http.response.body", "body": b'{"ready":false}'})
        else:
            await self._app(scope, receive, send_last)


@asynccontextmanager
async def serve(
    app: Any,
    host: str,
    port: int,
    *,
    shared: bool = False,
    drain: float = 0.0,
    trusted_proxies: Sequence[IPv4Network | IPv6Network] = (),
) -> AsyncIterator[int]:
    """Answer requests while the body runs; gives the port (a free one where 0 was asked for).

    Leaving says for `drain` seconds to whoever asks that it is not ready, and answers everything else, for the last time
    on each connection; then it stops accepting and gives requests under way 3 s. `shared` lets several processes of this
    machine listen on one port, the kernel spreading connections among them. A request that comes from one of `trusted_proxies`
    is its client's: of the addresses in `X-Forwarded-For`, the last that is not such a proxy's.

    Raises:
        PermanentError: `port_taken`, the address cannot be listened on.
    """
    listener = _listener(host, port, shared=shared)
    door = _Door(app)
    config = uvicorn.Config(
        door,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=bool(trusted_proxies),  # said in any case: unset, uvicorn trusts this machine
        forwarded_allow_ips=[str(network) for network in trusted_proxies],
        timeout_keep_alive=65,  # longer than a load balancer's minute, so that it is the one to hang up
        timeout_graceful_shutdown=_GRACE_SECONDS,
        backlog=2048,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        # A connection that is closed with a request on its way is an error at a client: first let them all come to an end.
        door.closing = True
        await asyncio.sleep(drain)
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
