"""How fast a source and a workspace may send, and that one of them never starves another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from common.configuration import Configuration, Release, content_of
from common.streaming.ports import Outgoing
from ingest.domain.collecting import FairShare
from services.ingest.tests.edge import SERVER_KEY, WORKSPACE, Edge, MemoryLog, configuration, track

OTHER_KEY = "k_other"
QUOTA = "quota: {events_per_second: 10, burst: 20}\n"


def batch(size: int, text: str = "") -> dict[str, object]:
    return {"batch": [track(text=text) for _ in range(size)]}


def two_workspaces(more: str = "") -> Configuration:
    other = f"""
sources:
  shop: {{kind: server, key_sha256: {sha256(OTHER_KEY.encode()).hexdigest()}}}
brand: {{name: Other, url: 'https://other.example/', imprint: Other}}
locales: [de]
"""
    contents = [
        content_of("workspace", name, {"workspace.yaml": text})
        for name, text in (("demo", WORKSPACE + more), ("other", other))
    ]
    return Configuration(
        {content.name: Release(content.name, 1, (content,)) for content in contents},
        {content.key: content for content in contents},
    )


async def status(edge: Edge, size: int, key: str = SERVER_KEY) -> int:
    return (await edge.post("/v1/batch", batch(size), key=key)).status


async def test_a_workspaces_sources_share_its_quota() -> None:
    edge = Edge(configuration=configuration(WORKSPACE + QUOTA))
    assert await status(edge, 15) == 200
    assert await status(edge, 5, "k_small") == 200

    reply = await edge.post("/v1/batch", batch(5), key="k_small")
    assert (reply.status, reply.json["error"]) == (429, "quota_exceeded")
    assert reply.headers["retry-after"] == "1"

    edge.seconds += 0.5
    assert await status(edge, 5, "k_small") == 200


async def test_what_the_quota_refuses_costs_the_source_nothing() -> None:
    quota = "quota: {events_per_second: 100, burst: 510}\n"
    edge = Edge(configuration=configuration(WORKSPACE + quota))
    assert await status(edge, 20, "k_small") == 200
    assert [await status(edge, 500) for _ in range(3)] == [429] * 3

    edge.seconds += 0.1
    assert await status(edge, 500) == 200


async def test_one_workspaces_quota_is_not_anothers() -> None:
    edge = Edge(configuration=two_workspaces(QUOTA))
    assert await status(edge, 20) == 200
    assert await status(edge, 1) == 429
    assert await status(edge, 1000, OTHER_KEY) == 200


async def test_a_release_that_changes_no_limit_refills_none() -> None:
    edge = Edge(configuration=configuration(WORKSPACE + QUOTA))
    assert await status(edge, 20) == 200
    edge.configuration = configuration(WORKSPACE + QUOTA + "# A comment.\n")
    assert await status(edge, 1) == 429
    edge.configuration = configuration(WORKSPACE + "quota: {events_per_second: 10, burst: 21}\n")
    assert await status(edge, 1) == 200


@dataclass
class SlowLog(MemoryLog):
    """Kafka that takes nothing in until it is let."""

    let: asyncio.Event = field(default_factory=asyncio.Event)

    @override
    async def append_many(self, records: Sequence[Outgoing]) -> None:
        await self.let.wait()
        await super().append_many(records)


async def test_a_workspace_that_floods_a_slow_kafka_leaves_room_for_the_others() -> None:
    log = SlowLog()
    edge = Edge(configuration=two_workspaces(), events=log, room=200_000)
    flood = [asyncio.create_task(status(edge, 5)) for _ in range(100)]
    await asyncio.wait(
        flood, return_when=asyncio.FIRST_COMPLETED
    )  # the refused ones; Kafka has all others
    others = [asyncio.create_task(status(edge, 5, OTHER_KEY)) for _ in range(5)]
    log.let.set()

    answers = await asyncio.gather(*flood)
    assert set(answers) == {200, 429}
    assert 10 <= answers.count(200) <= 30
    assert await asyncio.gather(*others) == [200] * 5


async def test_who_is_refused_for_the_others_sake_is_told_when_to_come_back() -> None:
    edge = Edge(room=10_000)
    reply = await edge.post("/v1/batch", batch(1, "x" * 20_000))

    assert (reply.status, reply.json["error"], reply.headers["retry-after"]) == (429, "busy", "1")


async def test_room_is_given_back_whatever_became_of_the_request() -> None:
    edge = Edge(room=16_000)
    for body in (batch(5), {"batch": [{"event": "nobody's"}]}, {"batch": [1, 2]}):
        for _ in range(20):
            edge.seconds += 60
            assert (await edge.post("/v1/batch", body)).status == 200


def test_alone_one_may_hold_half_and_the_rest_is_for_others() -> None:
    share = FairShare(100)
    taken = sum(share.take("greedy", 1) for _ in range(100))

    assert taken == 50
    assert share.take("modest", 25)


@pytest.mark.parametrize("greedy", [1, 2, 3, 9])
def test_greedy_ones_get_equal_parts(greedy: int) -> None:
    share = FairShare(1000)
    taken = dict.fromkeys(range(greedy), 0)
    for _ in range(1000):
        for who in taken:
            taken[who] += share.take(str(who), 1)

    assert max(taken.values()) - min(taken.values()) <= 1
    assert abs(taken[0] - 1000 // (greedy + 1)) <= 1


def test_whatever_fits_into_the_empty_room_gets_in() -> None:
    assert FairShare(100).take("a", 100)
    assert not FairShare(100).take("a", 101)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 60)), max_size=60),
)
def test_the_room_is_never_overfull_and_empties(
    wishes: list[tuple[str, int]],
) -> None:
    share = FairShare(100)
    held: list[tuple[str, int]] = []
    for who, size in wishes:
        if share.take(who, size):
            held.append((who, size))
        assert sum(size for _, size in held) <= 100
        if len(held) > 3:
            share.give(*held.pop(0))
    for one in held:
        share.give(*one)

    assert share.take("d", 100)
