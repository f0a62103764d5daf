"""The proxy itself: listens on its routes, keeps its connections, and takes orders."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import msgspec

from cuestream.stack.ports import LOOPBACK
from cuestream.stack.proxy.callers import Callers
from cuestream.stack.proxy.connection import Connection, reset
from cuestream.stack.proxy.faults import Route, Rules, counted
from cuestream.stack.proxy.orders import Heal, Look, Order, Reset, States, Suffer


class Proxy:
    """Everything that goes through it."""

    def __init__(self) -> None:
        self._rules = Rules()
        self._callers = Callers()
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def listening(self, routes: Collection[Route], control: int) -> AsyncIterator[None]:
        """Serve while the block lasts."""
        async with AsyncExitStack() as stack:
            for route in routes:
                server = await asyncio.start_server(
                    partial(self._pass, route), LOOPBACK, route.front
                )
                stack.callback(server.close)
            server = await asyncio.start_server(self._talk, LOOPBACK, control)
            stack.callback(server.close)
            try:
                yield
            finally:
                await self._end()

    async def _end(self) -> None:
        for connection in self._connections:
            connection.reset()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)

    async def _pass(
        self, route: Route, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if (task := asyncio.current_task()) is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        theirs = int(writer.get_extra_info("peername")[1])
        client = await asyncio.to_thread(self._callers.name, theirs, route.front)
        fault = self._rules.fault(client, route.target)
        if fault.cut or fault.refuse:
            reset(writer)
            return
        try:
            far = await asyncio.open_connection(LOOPBACK, route.port)
        except OSError:  # the target is down: for the client it must look like that
            reset(writer)
            return
        connection = Connection(client, route.target, (reader, writer), far)
        connection.suffer(self._rules.fault(client, route.target))
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            order = msgspec.json.decode(await reader.readline(), type=Order)
            writer.write(msgspec.json.encode(self.obey(order)) + b"\n")
            await writer.drain()
        except (OSError, msgspec.MsgspecError):
            return  # whoever asked is gone, or it is not for us
        finally:
            writer.close()

    def obey(self, order: Order) -> States:
        """Carry it out; returns the links as they are then."""
        match order:
            case Suffer(link, fault):
                self._rules.set(link, fault)
            case Heal(link):
                self._rules.heal(link)
            case Reset(link):
                for connection in self._connections:
                    if link.covers(connection.client, connection.target):
                        connection.reset()
            case Look():
                pass
        for connection in self._connections:
            connection.suffer(self._rules.fault(connection.client, connection.target))
        return self._states()

    def _states(self) -> States:
        return list(counted((c.client, c.target, c.held) for c in self._connections))
