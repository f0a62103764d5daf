"""A restore under load loses nothing and sends nothing twice; folded again, everything is the same byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fault.conftest import Histories
from tests.fault.runs.restores import restored
from tests.fault.workload.script import Size

pytestmark = pytest.mark.fault


def test_a_database_is_restored_under_load_and_folded_again(
    folder: Path, histories: Histories
) -> None:
    size = Size(events=60_000, people=3_000, rate=500.0, resent_after=(1.0, 60.0))
    outcome = restored("restored", size, folder)
    report = outcome.recorded.check()
    histories.add(report, outcome.recorded.timing)

    assert report.is_good, str(report)
    outcome.is_refolded()
