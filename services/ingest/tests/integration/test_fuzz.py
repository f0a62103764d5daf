"""Whatever is sent to a real process, it answers with a status of its own, and neither ends nor grows."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psutil
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from common.streaming.ports import Place
from services.ingest.tests.edge import SERVER_KEY, WORKSPACE, basic, configuration
from services.ingest.tests.integration.fuzz.drafts import VARIANTS, Draft, Wreck
from services.ingest.tests.integration.fuzz.judging import Tally
from services.ingest.tests.integration.fuzz.shots import (
    asked,
    broken,
    collected,
    hooked,
    looked,
    wrapped,
)
from services.ingest.tests.integration.fuzz.wire import fire
from services.ingest.tests.integration.site import Running, Site, opened
from services.ingest.tests.vendors import NEW, OLD
from services.ingest.tests.vendors import WORKSPACE as HOOKS

TENTHS = 10
GROWTH = 1.1
PARTS: dict[Callable[[], st.SearchStrategy[Any]], int] = {
    collected: 34,
    wrapped: 14,
    hooked: 16,
    looked: 10,
    broken: 14,
    asked: 10,
}
"""Of a hundred shots; the rest is what schemathesis makes of the published description."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
DESCRIBED = 100 - sum(PARTS.values())


@pytest.fixture
async def site(kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with opened(kafka_bootstrap, tmp_path) as found:
        yield found


@pytest.mark.parametrize(
    "shots", [5_000, pytest.param(50_000, marks=pytest.mark.long)], ids=["quick", "long"]
)
async def test_nothing_that_is_sent_breaks_or_bloats_it(
    site: Site, database: Any, shots: int
) -> None:
    url = database.of("ingest")
    assert await (await site.start("migrate", DATABASE_URL=url)).ends() == 0
    edge = await site.start("api", CUESTREAM_WORKERS="1", HOOK_NEW=NEW, HOOK_OLD=OLD)
    resolve = await site.start("resolve", DATABASE_URL=url)
    await site.installation.configure("demo", configuration(workspace()).releases["demo"].contents)
    await answers(edge, "/readyz")
    await answers(resolve, "/readyz")
    await taken(edge)

    document = await asyncio.to_thread(Described, edge.url)
    tally, sizes = Tally(), list[int]()
    process = psutil.Process(edge.process.pid)
    for tenth in range(TENTHS):
        for made, share in PARTS.items():
            port = resolve.port if made is asked else edge.port
            await asyncio.to_thread(volley, made(), tally, port, shots * share // 1000, tenth)
        await asyncio.to_thread(document.volley, tally, shots * DESCRIBED // 1000, tenth)
        sizes.append(process.memory_info().rss)
    print(tally, [size >> 20 for size in sizes])  # noqa: T201 - shown where the test fails

    assert tally.shots >= shots
    assert sizes[-1] <= GROWTH * sizes[0]
    assert await stored(site, "ingest.events") >= tally.accepted > shots // 200
    assert await stored(site, "ingest.events.quarantine") >= tally.rejected > shots // 200
    for running in (edge, resolve):
        await answers(running, "/livez")
        assert '"level":"error"' not in running.log.read_text()


def workspace() -> str:
    """All doors open: the collector's sources and the vendors', and nobody is too hasty."""
    hooks = HOOKS.partition("sources:\n")[2].partition("brand:")[0]
    text = WORKSPACE.replace("\nsources:\n", f"\nsources:\n{hooks}").replace("small:", "tiny:", 1)
    ample = "limits: {events_per_second: 1000000, burst: 1000000}"
    return text.replace("limits: {events_per_second: 100, burst: 500}", ample)


def volley(
    made: st.SearchStrategy[Draft | Wreck], tally: Tally, port: int, count: int, number: int
) -> None:
    """So many shots of one kind, the same ones in every run."""

    def one(draft: Draft | Wreck, chance: int) -> None:
        for shot in draft.shots(Random(chance)):  # noqa: S311 - no secret
            tally.note(shot, fire(port, shot))

    often(count // VARIANTS, number)(given(made, st.integers(0, 1 << 30))(one))()


class Described:
    """What schemathesis makes of the description that the process publishes."""

    def __init__(self, url: str) -> None:
        document = schemathesis.openapi.from_url(f"{url}/openapi.json")
        operations = [
            found.ok() for found in document.get_all_operations() if isinstance(found, Ok)
        ]
        self._url = url
        self._cases = st.one_of([operation.as_strategy() for operation in operations])

    def volley(self, tally: Tally, count: int, number: int) -> None:
        """Requests after the description, and answers that must be as it says."""

        def one(case: schemathesis.Case[Any]) -> None:
            reply = case.call(base_url=self._url, headers={"authorization": basic(SERVER_KEY)})
            tally.statuses[reply.status_code] += 1
            case.validate_response(reply, checks=CHECKS)

        often(count, number)(given(self._cases)(one))()


def often(count: int, number: int) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Run it with so many examples; shrunk where one fails, and nothing is remembered."""
    how = settings(
        max_examples=count,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )

    def quietly(test: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            with warnings.catch_warnings():
                # Hypothesis minds large examples, schemathesis what it does not know of a form.
                warnings.simplefilter("ignore")
                seed(number)(how(test))()

        return run

    return quietly


async def answers(running: Running, path: str) -> None:
    async def fine() -> bool:
        async with httpx.AsyncClient() as http:
            return (await http.get(running.url + path)).status_code == 200

    await running.until(fine)


async def taken(edge: Running) -> None:
    """Until the release is in force."""

    async def fine() -> bool:
        async with httpx.AsyncClient() as http:
            reply = await http.post(
                f"{edge.url}/v1/batch", json={"batch": []}, auth=(SERVER_KEY, "")
            )
        return reply.status_code == 200

    await edge.until(fine)


async def stored(site: Site, topic: str) -> int:
    log = site.installation.log
    async with log.reader() as reader:
        bounds = await reader.bounds([Place(topic, part) for part in range(log.partitions)])
    return sum(bound.end - bound.begin for bound in bounds.values())
