"""What a bench reports, and how rounds become one figure."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import msgspec
import psutil
from rich.table import Table

from cuestream.bench.load import Volley


class Share(msgspec.Struct, frozen=True):
    """What one process takes."""

    cpu_s_per_1000: float
    rss_mib: float
    """At the end; of a soak, of its largest process at its highest."""
    growth: float | None = None
    """Of a soak: the resident memory of its last tenth over that of its first, of whichever process grew most."""


class Case(msgspec.Struct, frozen=True):
    """Ours and the ceiling's under one kind of load."""

    case: str
    unit: str
    rate: float
    ceiling_rate: float | None
    """None where there is no bare loop to compare with."""
    ratio: float | None
    spread: float
    """Of our rounds: (highest − lowest) / median."""
    cpu_s_per_1000: float
    """CPU seconds of our processes for 1,000 units; the brokers' and the client's are not in it."""
    rss_mib: float
    """Resident memory of our processes at the end."""
    ceiling_cpu_s_per_1000: float | None = None
    """Of the bare one: on a machine that others use too, this wanders less than rates."""
    p50_ms: float | None = None
    """How long one took, where that was asked."""
    p99_ms: float | None = None
    ceiling_p50_ms: float | None = None
    ceiling_p99_ms: float | None = None
    processes: dict[str, Share] | None = None
    """What each process takes, where there are several."""


class Machine(msgspec.Struct, frozen=True):
    cores: int
    python: str


class Report(msgspec.Struct, frozen=True):
    name: str
    cases: tuple[Case, ...]
    machine: Machine
    generator: str | None = None
    """What the load came from, where it is a program of its own or could have been."""
    in_force: tuple[str, ...] = ()
    """What our side was seen to hold its door with before it was measured."""
    rivals: tuple[str, ...] = ()
    """What others reach on the same kind of machine."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long and how often to measure."""

    seconds: float
    """Of one round, about."""
    rounds: int
    say: Callable[[str], None]
    """Told what happens."""
    sizes: Sequence[int] = ()
    """How many timers wait, or profiles are known; empty: what the bench finds telling."""


@dataclass(frozen=True, slots=True)
class Round:
    """One round of one side."""

    units: int
    volley: Volley
    cpu_seconds: float

    @property
    def rate(self) -> float:
        return self.units / self.volley.seconds


def short(count: int) -> str:
    """A size as a part of a case's name: 10k, 1m."""
    return f"{count // 1_000_000}m" if count >= 1_000_000 else f"{count // 1000}k"


def machine() -> Machine:
    return Machine(psutil.cpu_count() or 1, platform.python_version())


def case_of(
    name: str, unit: str, ours: Sequence[Round], ceiling: Sequence[Round], rss_mib: float
) -> Case:
    """The medians of alternating rounds; the ratio is that of the middle pair, for the machine changes from pair to pair."""
    rates = [round_.rate for round_ in ours]
    rate, ceiling_rate = median(rates), median(round_.rate for round_ in ceiling)
    p50, p99 = _waits(ours)
    ceiling_p50, ceiling_p99 = _waits(ceiling)
    return Case(
        case=name,
        unit=unit,
        rate=round(rate, 1),
        ceiling_rate=round(ceiling_rate, 1),
        ratio=round(median(o.rate / c.rate for o, c in zip(ours, ceiling, strict=True)), 3),
        spread=round((max(rates) - min(rates)) / rate, 3),
        cpu_s_per_1000=_cpu(ours),
        ceiling_cpu_s_per_1000=_cpu(ceiling),
        rss_mib=round(rss_mib, 1),
        p50_ms=p50,
        p99_ms=p99,
        ceiling_p50_ms=ceiling_p50,
        ceiling_p99_ms=ceiling_p99,
    )


def alone(name: str, unit: str, rounds: Sequence[Round], rss_mib: float) -> Case:
    """The medians of rounds with which nothing compares."""
    rates = [round_.rate for round_ in rounds]
    p50, p99 = _waits(rounds)
    return Case(
        case=name,
        unit=unit,
        rate=round(median(rates), 1),
        ceiling_rate=None,
        ratio=None,
        spread=round((max(rates) - min(rates)) / median(rates), 3),
        cpu_s_per_1000=_cpu(rounds),
        rss_mib=round(rss_mib, 1),
        p50_ms=p50,
        p99_ms=p99,
    )


def _cpu(rounds: Sequence[Round]) -> float:
    units = sum(round_.units for round_ in rounds)
    return round(1000 * sum(round_.cpu_seconds for round_ in rounds) / units, 4)


def _waits(rounds: Sequence[Round]) -> tuple[float | None, float | None]:
    return percentiles([wait for round_ in rounds for wait in round_.volley.latencies])


def percentiles(waits: Sequence[float]) -> tuple[float | None, float | None]:
    """Median and 99th percentile of seconds, in milliseconds."""
    if not waits:
        return None, None
    ordered = sorted(waits)
    return (
        round(1000 * ordered[len(ordered) // 2], 2),
        round(1000 * ordered[len(ordered) * 99 // 100], 2),
    )


def table(report: Report) -> Table:
    """For people; CPU milliseconds are for one event; in brackets is what the bare loop takes."""
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
            "" if case.ceiling_rate is None else f"{case.ceiling_rate:,.0f}",
            "" if case.ratio is None else f"{case.ratio:.2f}",
            f"{case.spread:.0%}",
            _beside(case.cpu_s_per_1000, case.ceiling_cpu_s_per_1000, digits=3),
            _beside(case.p50_ms, case.ceiling_p50_ms),
            _beside(case.p99_ms, case.ceiling_p99_ms),
            f"{case.rss_mib:.0f}",
        )
    return shown


def notes(report: Report) -> list[str]:
    """For people: below the table."""
    lines = [] if report.generator is None else [f"load from {report.generator}"]
    if report.in_force:
        lines.append(f"in force at our side: {', '.join(report.in_force)}")
    for case in report.cases:
        sizes = [f"{name} {share.rss_mib:.0f}" for name, share in (case.processes or {}).items()]
        lines += [f"{case.case}, MiB: {', '.join(sizes)}"] if sizes else []
    return [*lines, *(f"rivals, {line}" for line in report.rivals)]


def _beside(ours: float | None, ceiling: float | None, digits: int = 1) -> str:
    if ours is None:
        return ""
    told = f"{ours:.{digits}f}"
    return told if ceiling is None else f"{told} ({ceiling:.{digits}f})"


def cpu_seconds(pid: int) -> float:
    """CPU time that a process and its living children have used."""
    return sum(times.user + times.system for times in (p.cpu_times() for p in tree(pid)))


def rss_mib(pid: int) -> float:
    """Resident memory of a process and its children."""
    return sum(p.memory_info().rss for p in tree(pid)) / 1024 / 1024


def tree(pid: int) -> list[psutil.Process]:
    """A process and its children, as they are now."""
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]
