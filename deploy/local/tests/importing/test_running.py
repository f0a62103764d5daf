"""However a run ends, the next one goes on, and every line counts once."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from cuestream.failures import UnreachableError
from cuestream.importing import events
from cuestream.importing.lines import Bad, Row
from cuestream.importing.memory import Memory, Settled, digest_of
from cuestream.importing.running import BUNDLE, LARGEST, Tally, bring_in, bundles, items, look
from cuestream.importing.sending import Refused

NEW = Settled(file="f.jsonl", kind="events", workspace="demo", target="http://edge")
AT = "2024-05-01T08:30:00+00:00"


class KilledError(Exception):
    """The process is gone."""


@dataclass
class EdgeBefore:
    """Takes what it is given; may be killed with the bundle on its way, taken or not."""

    taken: list[str] = field(default_factory=list)
    refuses: frozenset[str] = frozenset()
    dies: list[str] = field(default_factory=list)
    """Of each call to come: `before` or `after` it is taken, or not at all."""

    async def send(self, entries: Sequence[Mapping[str, Any]]) -> list[Refused]:
        fate = self.dies.pop(0) if self.dies else ""
        if fate == "before":
            raise KilledError
        refused = [
            Refused(at, "odd") for at, e in enumerate(entries) if e["messageId"] in self.refuses
        ]
        self.taken += [e["messageId"] for e in entries if e["messageId"] not in self.refuses]
        if fate == "after":
            raise KilledError
        return refused


def rows(count: int, bad: frozenset[int] = frozenset()) -> list[Row | Bad]:
    return [
        Bad(number, "not_json", "it is not")
        if number in bad
        else Row(number, {"type": "track", "userId": "u", "event": "Seen", "timestamp": AT})
        for number in range(1, count + 1)
    ]


@dataclass
class Remembered:
    settled: Settled = NEW

    def __call__(self, settled: Settled) -> None:
        assert settled.line >= self.settled.line
        self.settled = settled


def once(edge: EdgeBefore, kept: Remembered, found: list[Row | Bad]) -> Tally:
    told = items(found, events.of_json, "f", after=kept.settled.line)
    return asyncio.run(bring_in(told, edge, kept.settled, kept))


@settings(deadline=None, max_examples=30)
@given(
    count=st.integers(0, 3 * BUNDLE),
    bad=st.frozensets(st.integers(1, 3 * BUNDLE), max_size=5),
    dies=st.lists(st.sampled_from(["", "before", "after"]), max_size=8),
)
def test_a_run_that_is_killed_anywhere_loses_and_doubles_nothing(
    count: int, bad: frozenset[int], dies: list[str]
) -> None:
    edge, kept, found = EdgeBefore(dies=dies), Remembered(), rows(count, bad)
    for _ in range(len(dies) + 1):
        try:
            once(edge, kept, found)
        except KilledError:
            continue
        break

    wanted = {f"f:{number}" for number in range(1, count + 1) if number not in bad}
    assert set(edge.taken) == wanted  # twice is the same event: the edge derives its id from this
    assert kept.settled.done
    assert kept.settled.accepted == len(wanted)


def test_what_the_edge_refuses_is_told_with_its_line() -> None:
    edge, kept = EdgeBefore(refuses=frozenset({"f:2"})), Remembered()
    tally = once(edge, kept, rows(3, frozenset({1})))

    assert (tally.lines, tally.accepted, tally.left_out) == (3, 1, 2)
    assert sorted((bad.line, bad.reason) for bad in tally.bad) == [(1, "not_json"), (2, "odd")]
    assert (kept.settled.line, kept.settled.left_out) == (3, 2)


def test_a_message_keeps_an_id_of_its_own() -> None:
    message = {"type": "identify", "userId": "u", "messageId": "mine"}
    (item,) = items([Row(7, message), *()], events.of_json, "f")

    assert not isinstance(item, Bad)
    assert [one["messageId"] for one in item.messages] == ["mine"]


def test_a_line_that_says_two_things_has_two_ids() -> None:
    (item,) = items([Row(7, {})], lambda _: [{"type": "identify"}, {"type": "track"}], "f")

    assert not isinstance(item, Bad)
    assert [one["messageId"] for one in item.messages] == ["f:7", "f:7:2"]


def test_a_message_that_no_edge_takes_is_not_sent() -> None:
    huge = {"type": "identify", "userId": "u", "traits": {"x": "y" * LARGEST}}

    assert [one.reason for one in items([Row(1, huge)], events.of_json, "f") if isinstance(one, Bad)] == ["event_too_large"]  # fmt: skip


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, LARGEST - 200), max_size=60))
def test_a_bundle_is_never_more_than_one_request_takes(sizes: list[int]) -> None:
    found = [
        Row(at, {"type": "identify", "userId": "u", "traits": {"x": "y" * size}})
        for at, size in enumerate(sizes, 1)
    ]
    made = list(bundles(items(found, events.of_json, "f")))

    assert [one.line for bundle in made for one in bundle] == list(range(1, len(sizes) + 1))
    for bundle in made:
        sent = [m for one in bundle if not isinstance(one, Bad) for m in one.messages]
        assert len(sent) <= BUNDLE
        assert len(msgspec.json.encode(sent)) < 475 * 1024


def test_looking_hands_nothing_over() -> None:
    tally = look(items(rows(3, frozenset({2})), events.of_json, "f"))

    assert (tally.lines, tally.accepted, tally.by_name["Seen"]) == (3, 2, 2)
    assert [bad.line for bad in tally.bad] == [2]


def test_a_file_is_known_by_what_it_holds(tmp_path: Path) -> None:
    def memory(**changes: str) -> Memory:
        known = {"digest": "d", "kind": "events", "workspace": "w", "target": "t", **changes}
        return Memory(tmp_path, **known)

    settled = msgspec.structs.replace(NEW, line=7)
    memory().write(settled)

    assert memory().read(Path("other name")) == settled
    assert memory(digest="e").read(Path("f")).line == 0
    assert memory(workspace="x").read(Path("f")).line == 0
    assert [path.suffix for path in tmp_path.iterdir()] == [".json"]


def test_the_digest_leaves_the_file_at_its_begin() -> None:
    file = io.BytesIO(b"abc")

    assert digest_of(file).startswith("ba7816bf")
    assert file.read() == b"abc"


async def test_an_edge_that_stays_away_ends_the_run_and_keeps_what_was_taken() -> None:
    class Away(EdgeBefore):
        @override
        async def send(self, entries: Sequence[Mapping[str, Any]]) -> list[Refused]:
            if self.taken:
                raise UnreachableError("It is away.")
            return await super().send(entries)

    edge, kept = Away(), Remembered()
    with pytest.raises(UnreachableError):
        await bring_in(items(rows(BUNDLE + 1), events.of_json, "f"), edge, NEW, kept)

    assert (kept.settled.line, kept.settled.done) == (BUNDLE, False)


@pytest.mark.parametrize("empty", [None, "", {}])
def test_an_id_that_says_nothing_is_as_if_not_said(empty: object) -> None:
    row = Row(7, {"type": "identify", "userId": "u1", "timestamp": AT, "messageId": empty})
    (item,) = items([row], events.of_json, "file")

    assert not isinstance(item, Bad)
    assert [message["messageId"] for message in item.messages] == ["file:7"]
