"""A bench counts every answer, notices every refusal, and makes one figure of several rounds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from common.configuration.tracking import parse_plan
from cuestream.bench.door import in_force
from cuestream.bench.figures import Case, Machine, Report, Round, Share, case_of, notes
from cuestream.bench.load import Volley, fire
from cuestream.bench.sending import EVENT_BYTES, LOADS, Load, requests
from cuestream.bench.sides import PLAN_FILE, PLANNED
from cuestream.bench.wrk import volley_of
from cuestream.failures import FindingError
from ingest.domain.collecting import Message, judge
from ingest.domain.tracking import Guard

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


async def test_a_collector_that_asks_for_no_key_is_not_measured() -> None:
    async with server(GOOD) as (port, _):
        with pytest.raises(FindingError, match="without keys"):
            await asyncio.to_thread(in_force, port)


def test_what_wrk_says_is_read() -> None:
    told = "Running\nrequests 3\nmicroseconds 2000000\nrefused 0\nbroken 0\ntook 1500 2\ntook 90000 1\n"

    volley = volley_of(told, LOADS[0])

    assert (volley.requests, volley.seconds, volley.unfinished) == (3, 2.0, 32)
    assert volley.latencies == [0.0015, 0.0015, 0.09]


@pytest.mark.parametrize(
    "told",
    [
        "unable to connect to localhost",
        "requests 3\nmicroseconds 2000000\nrefused 1\nbroken 0\n",
        "requests 3\nmicroseconds 2000000\nrefused 0\nbroken 1\n",
    ],
)
def test_a_round_of_wrk_with_anything_amiss_is_a_finding(told: str) -> None:
    with pytest.raises(FindingError):
        volley_of(told, LOADS[0])


def test_people_are_told_what_the_figures_rest_on() -> None:
    shares = {"parent": Share(0.0, 30.4), "worker-1": Share(0.1, 75.6)}
    case = Case("single-32", "events/s", 1, None, None, 0, 0, 106, processes=shares)
    report = Report("ingest", (case,), Machine(2, "3.11"), "wrk 4", ("keys", "quota"), ("X: 1/s",))

    assert notes(report) == [
        "load from wrk 4",
        "in force at our side: keys, quota",
        "single-32, MiB: parent 30, worker-1 76",
        "rivals, X: 1/s",
    ]


@pytest.mark.parametrize("load", LOADS)
def test_every_event_is_held_against_a_plan_and_leaves_the_same_bytes(load: Load) -> None:
    guard = Guard(parse_plan("bench", PLAN_FILE))
    _, _, body = requests(load)().partition(b"\r\n\r\n")
    sent = json.loads(body)
    for event in sent.get("batch", [sent]):
        message = judge(json.dumps(event).encode(), 0, guard, call="track")

        assert isinstance(message, Message)
        assert message.verdict is not None
        assert message.verdict.event in PLANNED
        assert message.verdict.flaw is None
        assert message.verdict.planned == ()
