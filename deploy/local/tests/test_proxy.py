"""The proxy between the parts of a stack: what goes through, what is cut, held and delayed, and for whom."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from common.clock import monotonic
from cuestream.settings import inherited_environment
from cuestream.stack.ports import LOOPBACK, free_port
from cuestream.stack.proxy import PROCESS, Delay, Fault, Links, LinkState, Route
from cuestream.stack.proxy.faults import Link, Rules
from cuestream.stack.proxy.serving import Proxy

# Says each line to the port and prints the answer, or how it ended.
CLIENT = """
import socket, sys
try:
    peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    print("connected", flush=True)
    lines = peer.makefile("rwb", buffering=0)
    for line in sys.stdin:
        lines.write(line.encode())
        print(lines.readline().decode().strip() or "end", flush=True)
except ConnectionError as error:
    print(type(error).__name__, flush=True)
"""


@dataclass
class Client:
    """A process with a name of the stack, or without one."""

    process: asyncio.subprocess.Process

    async def hears(self) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(10):
            line = await self.process.stdout.readline()
        return line.decode().strip()

    def says(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n".encode())


@dataclass
class World:
    """An echoing target behind a proxy."""

    links: Links
    front: int

    @asynccontextmanager
    async def client(self, name: str) -> AsyncIterator[Client]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-S", "-c", CLIENT, str(self.front),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**inherited_environment(), PROCESS: name},
        )  # fmt: skip
        client = Client(process)
        try:
            assert await client.hears() == "connected"
            yield client
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    async def told(self, order: str, *arguments: object, **more: object) -> list[LinkState]:
        found: list[LinkState] = await asyncio.to_thread(
            getattr(self.links, order), *arguments, **more
        )
        return found


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
        except ConnectionError:
            return
        finally:
            writer.close()

    target = await asyncio.start_server(echo, LOOPBACK, 0)
    front, control = free_port(), free_port()
    route = Route("target", front, int(target.sockets[0].getsockname()[1]))
    async with target, Proxy().listening([route], control):
        yield World(Links(control), front)


async def test_bytes_go_both_ways_and_an_end_is_an_end(world: World) -> None:
    reader, writer = await asyncio.open_connection(LOOPBACK, world.front)
    data = bytes(range(256)) * 20_000
    writer.write(data)
    writer.write_eof()

    async with asyncio.timeout(10):
        assert await reader.read(-1) == data
    writer.close()


async def test_a_cut_link_is_reset_until_it_is_healed_and_no_other(world: World) -> None:
    async with world.client("scoring-consume") as cut, world.client("ingest-resolve") as other:
        cut.says("one")
        assert await cut.hears() == "one"

        await world.told("cut", "scoring-consume", "target")
        cut.says("two")
        assert await cut.hears() in ("ConnectionResetError", "BrokenPipeError")
        async with world.client("scoring-consume") as again:
            again.says("three")
            assert await again.hears() in ("ConnectionResetError", "BrokenPipeError", "end")
        other.says("four")
        assert await other.hears() == "four"

        await world.told("heal")
        async with world.client("scoring-consume") as healed:
            healed.says("five")
            assert await healed.hears() == "five"


async def test_refusing_and_resetting_are_each_half_of_a_cut(world: World) -> None:
    async with world.client("a") as there:
        there.says("first")
        assert await there.hears() == "first"
        await world.told("refuse", "a", "target")
        there.says("still")
        assert await there.hears() == "still"
        async with world.client("a") as new:
            new.says("no")
            assert await new.hears() != "no"
        await world.told("heal", "a", "target")

        await world.told("reset", "*", "*")
        there.says("gone")
        assert await there.hears() != "gone"
        async with world.client("a") as welcome:
            welcome.says("yes")
            assert await welcome.hears() == "yes"


async def test_what_a_stalled_link_holds_arrives_when_it_is_healed(world: World) -> None:
    async with world.client("b") as client:
        await world.told("stall", "*", "target")
        client.says("later")
        while not any(state.held == len("later\n") for state in await world.told("open")):
            assert client.process.returncode is None

        assert await world.told("heal", "b", "*") != []
        assert [state.held for state in await world.told("open")] == [6], (
            "another rule is not healed"
        )
        await world.told("heal")
        assert await client.hears() == "later"


async def test_a_delayed_link_is_late_by_both_ways(world: World) -> None:
    async with world.client("c") as client:
        await world.told("delay", "c", "target", there=0.2, back=0.1)
        begun = monotonic()
        client.says("slow")

        assert await client.hears() == "slow"
        assert 0.3 <= monotonic() - begun < 5


async def test_whoever_is_no_process_of_the_stack_suffers_nothing(world: World) -> None:
    await world.told("cut", "*", "*")
    reader, writer = await asyncio.open_connection(LOOPBACK, world.front)
    writer.write(b"hello\n")

    async with asyncio.timeout(10):
        assert await reader.readline() == b"hello\n"
    writer.close()


async def test_a_target_that_is_down_looks_down(world: World) -> None:
    front, control = free_port(), free_port()
    async with Proxy().listening([Route("nobody", front, free_port())], control):
        reader, _ = await asyncio.open_connection(LOOPBACK, front)
        with pytest.raises(ConnectionResetError):
            async with asyncio.timeout(10):
                await reader.read()


def test_of_several_rules_the_worst_counts() -> None:
    rules = Rules()
    rules.set(Link("*", "postgres"), Fault(delay=Delay(0.1, 0.0)))
    rules.set(Link("a", "*"), Fault(stall=True, delay=Delay(0.0, 0.2)))
    rules.set(Link("b", "postgres"), Fault(cut=True))

    assert rules.fault("a", "postgres") == Fault(stall=True, delay=Delay(0.1, 0.2))
    assert rules.fault("b", "kafka") == Fault()
    assert rules.fault("b", "postgres") == Fault(cut=True, delay=Delay(0.1, 0.0))


def test_the_proxy_runs_as_a_process_and_ends_when_asked() -> None:
    control, front = free_port(), free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "cuestream.stack.proxy", "--port", str(control),
         str(Route("postgres", front, free_port()))]
    ) as process:  # fmt: skip
        links, end = Links(control), monotonic() + 10
        while monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex((LOOPBACK, control)) == 0:
                    break
        assert links.open() == []
        process.terminate()
        assert process.wait(10) == 0
