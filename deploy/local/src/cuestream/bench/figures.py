"""What a bench reports, and how rounds become one figure."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import msgspec
import psutil
from rich.table import Table

from cuestream.bench.load import Volley


class Case(msgspec.Struct, frozen=True):
    """Ours and the ceiling's under one kind of load."""

    case: str
    unit: str
    rate: float
    ceiling_rate: float
    ratio: float
    spread: float
    """Of our rounds: (highest − lowest) / median."""
    cpu_s_per_1000: float
    """CPU seconds of our processes for 1,000 units; the brokers' and the client's are not in it."""
    rss_mib: float
    """Resident memory of our processes at the end."""
    p50_ms: float
    p99_ms: float


class Machine(msgspec.Struct, frozen=True):
    cores: int
    python: str


class Report(msgspec.Struct, frozen=True):
    name: str
    cases: tuple[Case, ...]
    machine: Machine


@dataclass(frozen=True, slots=True)
class Round:
    """One round of one side."""

    units: int
    volley: Volley
    cpu_seconds: float

    @property
    def rate(self) -> float:
        return self.units / self.volley.seconds


def machine() -> Machine:
    return Machine(psutil.cpu_count() or 1, platform.python_version())


def case_of(
    name: str, unit: str, ours: Sequence[Round], ceiling: Sequence[Round], rss_mib: float
) -> Case:
    """The medians of alternating rounds."""
    rates = [round_.rate for round_ in ours]
    rate, ceiling_rate = median(rates), median(round_.rate for round_ in ceiling)
    waits = sorted(wait for round_ in ours for wait in round_.volley.latencies)
    units = sum(round_.units for round_ in ours)
    return Case(
        case=name,
        unit=unit,
        rate=round(rate, 1),
        ceiling_rate=round(ceiling_rate, 1),
        ratio=round(rate / ceiling_rate, 3),
        spread=round((max(rates) - min(rates)) / rate, 3),
        cpu_s_per_1000=round(1000 * sum(r.cpu_seconds for r in ours) / units, 4),
        rss_mib=round(rss_mib, 1),
        p50_ms=round(1000 * waits[len(waits) // 2], 2),
        p99_ms=round(1000 * waits[len(waits) * 99 // 100], 2),
    )


def table(report: Report) -> Table:
    """For people; CPU milliseconds are of our processes, for one event."""
    shown = Table(
        title=f"bench {report.name}, {report.machine.cores} cores", box=None, padding=(0, 2, 0, 0)
    )
    shown.add_column("case", no_wrap=True)
    for heading in ("ours", "ceiling", "ratio", "spread", "CPU ms", "p50 ms", "p99 ms", "MiB"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for case in report.cases:
        shown.add_row(
            case.case,
            f"{case.rate:,.0f}/s",
            f"{case.ceiling_rate:,.0f}",
            f"{case.ratio:.2f}",
            f"{case.spread:.0%}",
            f"{case.cpu_s_per_1000:.3f}",
            f"{case.p50_ms:.1f}",
            f"{case.p99_ms:.1f}",
            f"{case.rss_mib:.0f}",
        )
    return shown


def cpu_seconds(pid: int) -> float:
    """CPU time that a process and its living children have used."""
    return sum(times.user + times.system for times in (p.cpu_times() for p in _tree(pid)))


def rss_mib(pid: int) -> float:
    """Resident memory of a process and its children."""
    return sum(p.memory_info().rss for p in _tree(pid)) / 1024 / 1024


def _tree(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]
