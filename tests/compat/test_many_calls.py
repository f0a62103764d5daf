"""Ten thousand calls of three SDKs at once, Kafka killed in between: each of them once, none lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest

from cuestream.commands.options import layout_of
from cuestream.stack.client import order
from tests.compat.calls import Call, visit
from tests.compat.sdks import Start
from tests.compat.site import Site, check
from tests.e2e.stack import eventually

pytestmark = pytest.mark.chain
THREE = ("segment-python", "rudder-python", "segment-node")
VISITS = 556
"""Of six calls, by each of three."""


def test_ten_thousand_calls_arrive_once_though_kafka_is_killed(site: Site, start: Start) -> None:
    collector = site.stack.endpoints["ingest"]
    calls = {source: calls_of(source) for source in THREE}
    assert sum(map(len, calls.values())) > 10_000
    sdks = {source: start(source, collector) for source in THREE}
    first, half = visit("segment-python-0"), len(calls[THREE[0]]) // 2
    with ThreadPoolExecutor(len(THREE)) as pool:

        def say(begin: int, end: int) -> None:
            for _ in pool.map(lambda s: sdks[s].say(calls[s][begin:end]), THREE):
                pass

        say(0, half)
        site.told(lambda told: told.has(first))
        kill(site, "kafka")
        say(half, 2 * half)
        failed = list(pool.map(lambda source: sdks[source].close(), THREE))
    assert failed == [[], [], []]

    everything = list(chain.from_iterable(calls.values()))
    told = site.told(lambda told: told.has(everything))
    for source in THREE:
        check(site, source, calls[source], told)


def calls_of(source: str) -> list[Call]:
    return list(chain.from_iterable(visit(f"{source}-{number}") for number in range(VISITS)))


def kill(site: Site, name: str) -> None:
    """As `kill -9`; the supervisor starts it again."""
    before = pid(site, name)
    order(layout_of(site.stack.data), "kill", name)
    eventually(f"another {name}", lambda: pid(site, name) not in {before, None}, 60)


def pid(site: Site, name: str) -> int | None:
    status = order(layout_of(site.stack.data), "status")
    return next(process.pid for process in status.processes if process.name == name)
