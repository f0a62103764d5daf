"""`bench chain` on the stack of the chain tests: every trigger comes out as a decision, and every process is measured."""

from __future__ import annotations

from pathlib import Path

from cuestream.bench import chain
from cuestream.bench.figures import Effort
from cuestream.bench.shop import publish_into
from cuestream.stack.layout import Layout
from tests.e2e.stack import Stack


async def test_events_go_through_all_services(stack: Stack, tmp_path: Path) -> None:
    publish_into(tmp_path / "published")
    stack.cuestream("apply", str(tmp_path / "published"), "--yes")

    cases = await chain.measure(Layout(stack.data), 50, Effort(0.5, 1, lambda _: None))

    assert [case.case for case in cases] == ["highest-0k", "load-20-0k", "load-50-0k", "load-80-0k"]
    for case in cases:
        assert case.rate > 0
        assert case.processes is not None
        assert {"ingest-api", "ingest-resolve", "scoring-consume", "orchestrator-consume"} <= set(
            case.processes
        )
    assert cases[2].p99_ms
