"""The load of the native generator is that of our own, byte for byte but for the numbers."""

from __future__ import annotations

import asyncio
import re

import pytest

from cuestream.bench.sending import LOADS, Load, requests, templates
from cuestream.bench.wrk import find_wrk
from cuestream.settings import LocalSettings
from cuestream.stack.pytest_plugin import require

pytestmark = pytest.mark.chain
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize("load", LOADS[::2])
async def test_wrk_sends_what_our_own_generator_sends_and_no_message_twice(load: Load) -> None:
    wrk = find_wrk(LocalSettings().cache, print)
    if wrk is None:
        require("wrk", "not installed (Debian's package wrk)")
    seen: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.partition(b"content-length: ")[2])
                seen.append(head + await reader.readexactly(length))
                writer.write(GOOD)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        volley = await wrk.fire(listening.sockets[0].getsockname()[1], load, 0.1)

    assert 0 < volley.requests <= len(seen)
    assert len(volley.latencies) >= volley.requests  # wrk adds what a stall kept from being sent
    ids = [id_ for request in seen for id_ in re.findall(rb'"messageId":"bench-(\d+)"', request)]
    assert len(set(ids)) == len(ids) == len(seen) * load.events
    ours = requests(load)
    alike = {ours() for _ in range(len(templates()))}
    assert all(any(_without_ids(request) == _without_ids(own) for own in alike) for request in seen[:50])  # fmt: skip


def _without_ids(request: bytes) -> bytes:
    return re.sub(rb'(bench|user)-\d+"', b'"', request)
