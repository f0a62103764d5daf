"""A run in which PostgreSQL is set back to a backup and recovers; once all rests, everything is folded again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from cuestream.settings import SuiteSettings
from cuestream.stack.postgres import SERVICES
from tests.fault.actions import Stack, running_stack
from tests.fault.actions.restoring import database_restored
from tests.fault.runs.running import SITE, Fault, Recorded, run
from tests.fault.runs.scenarios import Script, chance_of, only
from tests.fault.workload.script import Size


@dataclass(frozen=True, slots=True)
class Restored:
    """What the run left behind, and what was found when all was folded again; the stack is no longer needed."""

    recorded: Recorded
    replays: Sequence[dict[str, Any]]
    checks: Sequence[dict[str, Any]]
    """Of each service: whether a backup could be brought forward now."""

    def is_refolded(self) -> None:
        """Every record and every row is the same, byte for byte, and the next restore could come."""
        assert [check["findings"] for check in self.checks] == [[]] * len(SERVICES)
        assert len(self.replays) == len(SERVICES)
        for replay in self.replays:
            assert replay["batches"] > 0
            outputs = replay["outputs"]
            assert (outputs["different"], outputs["unpublished"], outputs["extra"]) == (0, 0, 0), (
                replay
            )
            assert all(replay["tables"].values()), replay


def restored(name: str, size: Size, folder: Path, before: Script | None = None) -> Restored:
    """Let visitors come to a stack of its own, the faults of `before` happen, and then the restore."""
    seed = SuiteSettings().fault_seed
    with running_stack(folder, workspaces=SITE) as stack:
        faults = (before or only())(stack, chance_of(name, seed))
        chance = chance_of("restored", seed)
        restore: list[Fault] = [lambda: database_restored(stack, chance)]
        recorded = run(
            f"{name}-{seed}", stack, size, seed, folder / "history", chain(faults, restore)
        )
        with ThreadPoolExecutor(2) as pool:
            replays = list(pool.map(lambda service: _replayed(stack, service), SERVICES))
        checks = json.loads(stack.cuestream("backup-check", "--json"))
    return Restored(recorded, replays, checks)


def _replayed(stack: Stack, service: str) -> dict[str, Any]:
    answer = stack.cuestream("replay", service, "--json", seconds=600)
    found: dict[str, Any] = json.loads(answer)
    return found
