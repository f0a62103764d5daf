"""A million events on real processes under every fault, alone and mixed: no promise breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from cuestream.settings import SuiteSettings
from tests.fault.actions import running_stack
from tests.fault.conftest import Histories
from tests.fault.runs import SITE, run
from tests.fault.runs.scenarios import SCENARIOS, Scenario, chance_of
from tests.fault.workload.script import Size

pytestmark = pytest.mark.fault

EVENTS_OF_ONE = 20
"""That a person is told to do, about."""
RATE = 900.0
"""Events a second that the clients try: more than the chain takes under faults, so that it always has something to do."""


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_no_promise_breaks(scenario: Scenario, folder: Path, histories: Histories) -> None:
    settings = SuiteSettings()
    seed, events = settings.fault_seed, round(scenario.share * settings.fault_events)
    size = Size(events, max(50, events // EVENTS_OF_ONE), RATE, resent_after=(1.0, 90.0))
    with running_stack(
        folder,
        kafka_nodes=scenario.kafka_nodes,
        scale=scenario.scale,
        small_disk=scenario.small_disk,
        workspaces=SITE,
    ) as stack:
        faults = scenario.script(stack, chance_of(scenario.name, seed))
        recorded = run(
            f"{scenario.name}-{seed}",
            stack,
            size,
            seed,
            folder / "history",
            faults,
            until_sent=scenario.until_sent,
        )
    report = recorded.check()
    histories.add(report, recorded.timing)

    assert report.is_good, str(report)
