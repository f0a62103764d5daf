"""A bench counts every answer, notices every refusal, and makes one figure of several rounds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from cuestream.bench.figures import Round, case_of
from cuestream.bench.ingest import EVENT_BYTES, LOADS, requests
from cuestream.bench.load import Volley, fire
from cuestream.failures import FindingError

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
REFUSED = b'HTTP/1.1 429 Too Many\r\ncontent-length: 20\r\nx: y\r\n\r\n{"error":"too_fast"}'
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(*pieces: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Answers each request (which ends with an empty line) with these pieces."""
    seen: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                seen.append(await reader.readuntil(b"\r\n\r\n"))
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1], seen


@pytest.mark.parametrize("pieces", [(GOOD,), (GOOD[:5], GOOD[5:40], GOOD[40:])])
async def test_every_answer_is_counted_also_those_after_the_end(pieces: tuple[bytes, ...]) -> None:
    async with server(*pieces) as (port, seen):
        volley = await fire(port, lambda: b"GET / HTTP/1.1\r\n\r\n", connections=3, seconds=0.05)

    assert volley.requests == len(volley.latencies) == len(seen) >= 3


async def test_a_refusal_is_a_finding() -> None:
    async with server(REFUSED) as (port, _):
        with pytest.raises(FindingError, match="too_fast"):
            await fire(port, lambda: b"GET / HTTP/1.1\r\n\r\n", connections=2, seconds=0.05)


@pytest.mark.parametrize("load", LOADS)
def test_every_message_has_its_size_and_an_id_of_its_own(load: object) -> None:
    request = requests(load)  # type: ignore[arg-type] # parametrize gives objects
    ids = []
    for _ in range(2):
        head, _, body = request().partition(b"\r\n\r\n")
        assert f"content-length: {len(body)}".encode() in head
        messages = json.loads(body).get("batch", [json.loads(body)])
        assert {len(json.dumps(m, separators=(",", ":"))) for m in messages} == {EVENT_BYTES}
        ids += [message["messageId"] for message in messages]

    assert len(set(ids)) == len(ids)


def test_the_median_of_the_rounds_counts() -> None:
    def rounds(*rates: int) -> list[Round]:
        return [Round(rate, Volley(rate, 1.0, [0.001] * 99 + [0.5]), 0.5) for rate in rates]

    case = case_of("x", "events/s", rounds(100, 300, 200), rounds(400, 400, 400), 64.0)

    assert (case.rate, case.ceiling_rate, case.ratio, case.spread) == (200, 400, 0.5, 1.0)
    assert (case.p50_ms, case.p99_ms) == (1.0, 500.0)
    assert case.cpu_s_per_1000 == 2.5
