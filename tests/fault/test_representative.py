"""A few thousand events, five faults and a restore on one stack: what `make test` can afford of the histories."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fault.conftest import Histories
from tests.fault.runs.restores import restored
from tests.fault.runs.scenarios import only
from tests.fault.workload.script import Size

pytestmark = pytest.mark.chain

FAULTS = ("kill_at_step", "connections_cut", "kafka_down_and_back", "link_cut", "postgres_killed")
SIZE = Size(events=4_500, people=350, rate=50.0, rest=6.5, resent_after=(1.0, 10.0))
"""They come for a minute and a half: until the restore is over."""


def test_five_faults_and_a_restore_break_no_promise(folder: Path, histories: Histories) -> None:
    outcome = restored("representative", SIZE, folder, before=only(*FAULTS))
    report = outcome.recorded.check()
    histories.add(report, outcome.recorded.timing)

    assert report.is_good, str(report)
    outcome.is_refolded()
