"""Every process of ours is replaced under load, one after the other, and nobody outside notices."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from cuestream.settings import SuiteSettings
from tests.fault.actions import ACTIONS, Stack, running_stack
from tests.fault.actions.stack import RECOVERY_SECONDS
from tests.fault.history.decided import decided
from tests.fault.runs import SITE
from tests.fault.runs.scenarios import chance_of
from tests.fault.workload.steady import RATE, WORKSPACE, Steady

pytestmark = pytest.mark.fault

TWICE: Final = dict.fromkeys(("ingest-api", "ingest-resolve", "orchestrator-consume"), 2)
"""Whatever a client or a decision waits for: while one is replaced, the other one is there. Everything else may be away
for a moment."""
WITH_A_BALANCER: Final = {"CUESTREAM_DRAIN_SECONDS": "2", "CUESTREAM_WORKERS": "1"}
"""The first as by default, but not for the local stack, which has none. One worker, for there are two edges."""
LONGEST_GAP: Final = 5.0
"""Seconds without a decision in a partition."""
UNDISTURBED: Final = 5.0
"""Seconds before and after."""


def test_a_rolling_restart_of_everything_is_not_felt(folder: Path, figures: list[str]) -> None:
    chance = chance_of("rolling", SuiteSettings().fault_seed)
    with running_stack(folder, scale=TWICE, workspaces=SITE, environment=WITH_A_BALANCER) as stack:
        load = Steady(edges(stack))
        with load.running():
            stack.pause(UNDISTURBED)
            happened = ACTIONS["rolling_restart"](stack, chance)
            stack.pause(UNDISTURBED)
        found = decided(stack.endpoints["kafka"], WORKSPACE, load.accepted, RECOVERY_SECONDS)
    gaps = found.gaps
    figures += [
        f"rolling restart of {len(happened.what.split(', '))} processes in"
        f" {(happened.ended - happened.began).total_seconds():.0f} s, {RATE:.0f} events/s:"
        f" {load.made} events in {load.requests} requests, {len(load.errors)} errors,"
        f" slowest answer {load.slowest:.2f} s, {load.refused} connections made elsewhere",
        f"{len(load.accepted)} accepted, {len(found.of_event)} decided,"
        f" {found.lost(load.accepted)} lost, {found.doubled} doubled, {found.copies} copies",
        *[
            f"partition {partition}: {len(found.appended[partition])} decisions,"
            f" longest gap {gap.seconds:.2f} s, from {gap.began_at:%T.%f}"
            for partition, gap in gaps.items()
        ],
    ]

    assert not load.errors, load.errors[:10]
    assert len(load.accepted) == load.made
    assert found.of_event.keys() == load.accepted
    assert found.doubled == 0
    assert gaps.keys() == set(range(found.partitions))
    assert max(gaps.values()).seconds < LONGEST_GAP, gaps


def edges(stack: Stack) -> list[str]:
    return [
        f"http://127.0.0.1:{stack.port(name)}"
        for name in stack.names
        if name.startswith("ingest-api")
    ]
