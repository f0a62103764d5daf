"""`bench chain` on the stack of the chain tests: every trigger comes out as a decision, and every process is measured, in memory too."""

from __future__ import annotations

from pathlib import Path

from cuestream.bench.chain import chained
from cuestream.bench.figures import Effort
from cuestream.bench.shop import publish_into
from cuestream.bench.soak import soaked
from cuestream.stack.layout import Layout
from tests.e2e.stack import Stack


async def test_events_go_through_all_services(stack: Stack, tmp_path: Path) -> None:
    publish_into(tmp_path / "published")
    stack.cuestream("apply", str(tmp_path / "published"), "--yes")

    async with chained(Layout(stack.data), 50, Effort(0.5, 1, lambda _: None)) as chain:
        await chain.settle_in()
        cases = await chain.cases()
        chain.effort = Effort(3.0, 1, lambda _: None)
        soak = await soaked(chain, warm_up=0.5)
        names = set(chain.pids())

    assert [case.case for case in cases] == ["highest-0k", "load-20-0k", "load-50-0k", "load-80-0k"]
    for case in cases:
        assert case.rate > 0
        assert case.processes is not None
        assert {"ingest-api", "ingest-resolve", "scoring-consume", "orchestrator-consume"} <= set(
            case.processes
        )
    assert cases[2].p99_ms

    assert soak.processes is not None
    assert set(soak.processes) == names
    for share in soak.processes.values():
        assert share.rss_mib > 1
        assert share.growth is not None
        assert share.growth > 0
