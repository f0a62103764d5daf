"""`python -m cuestream.stack.proxy --port CONTROL ROUTE…`: the proxy as a process of the stack."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Sequence

import uvloop

from cuestream.stack.proxy.faults import Route
from cuestream.stack.proxy.serving import Proxy


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="cuestream.stack.proxy")
    parser.add_argument("--port", type=int, required=True, help="where it takes orders")
    parser.add_argument("routes", nargs="+", type=Route.of, metavar="TARGET:FRONT:PORT")
    asked = parser.parse_args()
    uvloop.run(_serve(asked.routes, asked.port))


async def _serve(routes: Sequence[Route], port: int) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with Proxy().listening(routes, port):
        await ended.wait()


if __name__ == "__main__":
    main()
