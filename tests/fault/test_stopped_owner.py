"""One of two owners stands still within a transaction for a minute: the other takes over, and what the first one had begun never happened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from common.clock import utc_now
from tests.fault.actions import Stack, running_stack
from tests.fault.actions.stack import RECOVERY_SECONDS
from tests.fault.history.decided import decided
from tests.fault.runs import SITE
from tests.fault.workload.steady import RATE, WORKSPACE, Steady

pytestmark = pytest.mark.fault

LOOP: Final = "orchestrator.consume"
STOPPED, OTHER = "orchestrator-consume", "orchestrator-consume-2"
SERVICES: Final = ("ingest-api", "ingest-resolve", STOPPED, "orchestrator-api")
STANDSTILL: Final = 60.0
"""Seconds."""
TAKE_OVER: Final = 30.0
"""Seconds until every partition has another owner."""
_OWNERS: Final = f"""
SELECT coalesce(json_agg(json_build_object('partition', partition, 'epoch', epoch, 'at', query_start)), '[]')
FROM orchestrator.partitions LEFT JOIN pg_stat_activity ON pid = backend_pid WHERE loop = '{LOOP}'
"""  # noqa: S608 - our own name


def test_an_owner_that_stood_still_is_replaced_and_refused(
    folder: Path, figures: list[str]
) -> None:
    with running_stack(folder, scale={STOPPED: 2}, services=SERVICES, workspaces=SITE) as stack:
        load = Steady([stack.endpoints["ingest"]])
        with load.running():
            mine = stack.until("both own", lambda: shared(stack))
            before, pid = owners(stack), stack.pid(STOPPED)
            stack.arm(STOPPED, "advanced", 20, "STOP")
            stack.until("it stops", lambda: not stack.orders.armed(STOPPED))
            stopped_at = utc_now()
            stack.until(
                "others own all that it owned",
                lambda: all(owners(stack)[p].epoch > before[p].epoch for p in mine),
                STANDSTILL,
            )
            taken = (utc_now() - stopped_at).total_seconds()
            stack.pause(STANDSTILL - taken)
            meanwhile = owners(stack)
            stack.wake(pid)
            woken_at = utc_now()
            refused = stack.until("it is refused", lambda: fenced(stack, woken_at))
            after = owners(stack)
            stack.until("both own again", lambda: shared(stack), RECOVERY_SECONDS)
            stack.pause(5.0)
        found = decided(stack.endpoints["kafka"], WORKSPACE, load.accepted, RECOVERY_SECONDS)
    silent = {
        partition: (first_after(found.appended[partition], stopped_at) - stopped_at).total_seconds()
        for partition in sorted(mine)
    }
    figures += [
        f"{STOPPED} stood still for {STANDSTILL:.0f} s within a transaction, {RATE:.0f} events/s:"
        f" partitions {sorted(mine)} have another owner after {taken:.1f} s",
        f"their next decision came after {', '.join(f'{s:.1f}' for s in silent.values())} s",
        f"back again, it was refused {refused}; epochs before, meanwhile and after: "
        + ", ".join(
            f"{p}: {before[p].epoch} {meanwhile[p].epoch} {after[p].epoch}" for p in sorted(mine)
        ),
        f"{load.made} events, {len(load.accepted)} accepted, {len(found.of_event)} decided,"
        f" {found.lost(load.accepted)} lost, {found.doubled} doubled, {found.copies} copies",
    ]

    assert taken < TAKE_OVER
    assert max(silent.values()) < TAKE_OVER
    for partition in mine:
        assert meanwhile[partition].epoch > before[partition].epoch
        # A process that stands still asks its backend nothing: whoever wrote the row is the other one.
        assert (asked_at := meanwhile[partition].asked_at) is not None
        assert asked_at > stopped_at
        assert after[partition].epoch >= meanwhile[partition].epoch
    assert refused <= mine
    assert not load.errors, load.errors[:10]
    assert found.of_event.keys() == load.accepted
    assert found.doubled == 0


@dataclass(frozen=True, slots=True)
class Owner:
    """A row of `partitions`."""

    epoch: int
    asked_at: datetime | None
    """When its backend was last asked something; None where the backend is gone."""


def owners(stack: Stack) -> dict[int, Owner]:
    """By the database."""
    rows = json.loads(stack.psql(_OWNERS))
    return {
        row["partition"]: Owner(
            row["epoch"], datetime.fromisoformat(row["at"]) if row["at"] else None
        )
        for row in rows
    }


def shared(stack: Stack) -> set[int] | None:
    """What the first process owns, where both own something and together all."""
    mine, others = owned(stack, STOPPED), owned(stack, OTHER)
    whole = mine | others == owners(stack).keys()
    return mine if mine and others and whole and not mine & others else None


def owned(stack: Stack, name: str) -> set[int]:
    """As the process itself counts."""
    text = httpx.get(f"http://127.0.0.1:{stack.port(name)}/metrics", trust_env=False).text
    lines = [line for line in text.splitlines() if line.startswith("cuestream_epoch{")]
    return {int(line.split('partition="')[1].split('"')[0]) for line in lines if LOOP in line}


def fenced(stack: Stack, since: datetime) -> set[int]:
    """The partitions at which the process was refused since then, by its own log."""
    return {
        partition
        for line in lines_of(stack, STOPPED)
        if line["event"] == "partitions_fenced"
        and datetime.fromisoformat(line["timestamp"]) >= since
        for partition in line["partitions"]
    }


def lines_of(stack: Stack, name: str) -> Iterator[dict[str, Any]]:
    for line in stack.layout.log(name).read_text().splitlines():
        if line.startswith("{"):
            yield json.loads(line)


def first_after(times: list[datetime], instant: datetime) -> datetime:
    return next(at for at in times if at > instant)
