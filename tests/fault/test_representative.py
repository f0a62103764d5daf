"""A few thousand events and five faults on one stack: what `make test` can afford of the histories."""

from __future__ import annotations

from pathlib import Path

import pytest

from cuestream.settings import SuiteSettings
from tests.fault.actions import running_stack
from tests.fault.conftest import Histories
from tests.fault.runs import SITE, run
from tests.fault.runs.scenarios import chance_of, only
from tests.fault.workload.script import Size

pytestmark = pytest.mark.chain

FAULTS = ("kill_at_step", "connections_cut", "kafka_down_and_back", "link_cut", "postgres_killed")
SIZE = Size(events=4_000, people=350, rate=90.0, rest=6.5)


def test_five_faults_break_no_promise(folder: Path, histories: Histories) -> None:
    seed = SuiteSettings().fault_seed
    with running_stack(folder, workspaces=SITE) as stack:
        faults = only(*FAULTS)(stack, chance_of("representative", seed))
        recorded = run(f"five-{seed}", stack, SIZE, seed, folder / "history", faults)
    report = recorded.check()
    histories.add(report, recorded.timing)

    assert report.is_good, str(report)
