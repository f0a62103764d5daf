"""A restore under load loses nothing and sends nothing twice; folded again, everything is the same byte for byte."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cuestream.settings import SuiteSettings
from cuestream.stack.postgres import SERVICES
from tests.fault.actions import Stack, running_stack
from tests.fault.actions.restoring import database_restored
from tests.fault.conftest import Histories
from tests.fault.runs import SITE, run
from tests.fault.runs.scenarios import chance_of
from tests.fault.workload.script import Size


def restored(size: Size, folder: Path, histories: Histories) -> None:
    seed = SuiteSettings().fault_seed
    with running_stack(folder, workspaces=SITE) as stack:
        chance = chance_of("restored", seed)
        fault = lambda: database_restored(stack, chance)  # noqa: E731
        recorded = run(f"restored-{seed}", stack, size, seed, folder / "history", [fault])
        with ThreadPoolExecutor(2) as pool:
            replays = list(pool.map(lambda service: replayed(stack, service), SERVICES))
        checks = json.loads(stack.cuestream("backup-check", "--json"))
    report = recorded.check()
    histories.add(report, recorded.timing)

    assert report.is_good, str(report)
    assert [check["findings"] for check in checks] == [[]] * len(SERVICES)
    for replay in replays:
        assert replay["batches"] > 0
        outputs = replay["outputs"]
        assert (outputs["different"], outputs["unpublished"], outputs["extra"]) == (0, 0, 0), replay
        assert all(replay["tables"].values()), replay


def replayed(stack: Stack, service: str) -> dict[str, Any]:
    answer = stack.cuestream("replay", service, "--json", seconds=600)
    found: dict[str, Any] = json.loads(answer)
    return found


@pytest.mark.chain
def test_a_small_database_is_restored_and_folded_again(folder: Path, histories: Histories) -> None:
    restored(Size(events=1_500, people=100, rate=60.0, rest=7.0), folder, histories)


@pytest.mark.fault
def test_a_database_is_restored_under_load_and_folded_again(
    folder: Path, histories: Histories
) -> None:
    restored(
        Size(events=60_000, people=3_000, rate=500.0, resent_after=(1.0, 60.0)), folder, histories
    )
