"""Every bench measures something of its shape, and finds the same rows and bytes on both sides; no rate is asserted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cuestream.bench import consume, ingest, journeys, replay, resolve, timers
from cuestream.bench.figures import Effort, Report
from cuestream.bench.grounds import Grounds
from cuestream.bench.sending import LOADS
from cuestream.bench.wrk import find_wrk
from cuestream.settings import LocalSettings

CEILINGS = Path(__file__).parent
pytestmark = pytest.mark.chain


def brief(*sizes: int) -> tuple[Effort, list[str]]:
    said: list[str] = []
    return Effort(0.3, 1, said.append, sizes), said


def check(report: Report, name: str, cases: list[str]) -> None:
    told: dict[str, Any] = json.loads(msgspec.json.encode(report))
    assert told["name"] == name
    assert [case["case"] for case in told["cases"]] == cases
    for case in told["cases"]:
        assert min(case["rate"], case["ceiling_rate"], case["ratio"], case["rss_mib"]) > 0
        assert case["spread"] >= 0
        assert case["cpu_s_per_1000"] >= 0
    assert told["machine"]["cores"] >= 1


async def test_the_collector_leaves_the_records_that_a_bare_one_leaves(
    kafka_bootstrap: str, tmp_path: Path
) -> None:
    effort, said = brief()
    wrk = find_wrk(LocalSettings().cache, said.append)

    report = await ingest.measure(
        kafka_bootstrap, tmp_path, CEILINGS, effort, wrk=wrk, loads=LOADS[-2:]
    )

    check(report, "ingest", ["single-256", "batch-32"])
    assert report.generator == (wrk.name if wrk else ingest.OWN_GENERATOR)
    assert {"keys", "tracking plan", "rate of a source", "quota of a workspace"} < set(report.in_force)  # fmt: skip
    for case in report.cases:
        processes = case.processes or {}
        assert list(processes) == ["parent", "worker-1", "worker-2"]
        assert all(0 < share.rss_mib < 120 for share in processes.values())


async def test_the_collector_is_also_measured_where_wrk_is_not_to_be_had(
    kafka_bootstrap: str, tmp_path: Path
) -> None:
    effort, _ = brief()

    report = await ingest.measure(kafka_bootstrap, tmp_path, CEILINGS, effort, loads=LOADS[:1])

    check(report, "ingest", ["single-32"])
    assert report.generator == ingest.OWN_GENERATOR


async def test_the_loop_leaves_the_rows_and_bytes_that_a_bare_one_leaves(
    kafka_bootstrap: str, database: Any, tmp_path: Path
) -> None:
    effort, said = brief()
    on = Grounds(kafka_bootstrap, database.url, tmp_path, partitions=2)

    report = await consume.measure(on, CEILINGS, effort, profiles=300, expected=3000)

    check(report, "consume", ["backlog-500", "steady-200"])
    assert sum("same rows and bytes" in line for line in said) == 2
    assert report.cases[1].p99_ms


async def test_resolve_leaves_the_people_and_bytes_that_a_bare_loop_leaves(
    kafka_bootstrap: str, database: Any, tmp_path: Path
) -> None:
    effort, said = brief(1000)
    on = Grounds(kafka_bootstrap, database.url, tmp_path, partitions=2)

    report = await resolve.measure(on, CEILINGS, effort, expected=3000)

    check(report, "resolve", ["backlog-1k"])
    assert sum("same rows and bytes" in line for line in said) == 1


async def test_timers_leave_the_rows_and_bytes_that_a_bare_loop_leaves(
    kafka_bootstrap: str, database: Any, tmp_path: Path
) -> None:
    effort, said = brief(1000)
    on = Grounds(kafka_bootstrap, database.url, tmp_path, partitions=2)

    report = await timers.measure(on, CEILINGS, effort, at_once=700, profiles=700)

    check(report, "timers", ["burst-1k", "steady-1k"])
    assert sum("same rows and bytes" in line for line in said) == 1
    assert report.cases[1].p99_ms


async def test_journeys_are_measured_with_few_and_many_playbooks_and_with_passages_that_wait(
    kafka_bootstrap: str, database: Any, tmp_path: Path
) -> None:
    effort, _ = brief(400)
    on = Grounds(kafka_bootstrap, database.url, tmp_path, partitions=2)

    report = await journeys.measure(on, effort, profiles=300, expected=2000, many=40)

    told = {case.case: case for case in report.cases}
    assert list(told) == ["advance-26", "advance-40", "consume-26", "consume-40", "waiting-0k"]
    assert all(case.rate > 0 for case in report.cases)
    assert all((told[name].ratio or 0) > 0 for name in ("consume-26", "consume-40"))
    assert told["waiting-0k"].p99_ms
    assert (told["waiting-0k"].processes or {})["consume"].growth


async def test_a_replay_is_measured_beside_the_process_whose_past_it_folds(
    kafka_bootstrap: str, database: Any, tmp_path: Path
) -> None:
    effort, _ = brief()
    on = Grounds(kafka_bootstrap, database.url, tmp_path, partitions=2)

    report = await replay.measure(on, effort, profiles=300, expected=3000, workers=1)

    check(report, "replay", ["candidate", "as-it-was"])
