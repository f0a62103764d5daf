"""What a check found: counts for the table, and findings with a few examples each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, get_args

import msgspec
from rich.table import Table
from typing_extensions import override

Invariant = Literal["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I9", "I11", "I13"]
Count = Literal[
    "accepted",
    "client_duplicates",
    "processed",
    "quarantined",
    "lost",
    "doubled",
    "out_of_order",
    "timers_fired",
    "early",
    "decisions",
    "sent",
    "doubled_sends",
    "claimed_after_no",
    "unknown",
    "physical_duplicates",
]
COLUMNS: Final[tuple[Count, ...]] = get_args(Count)
PROMISED: Final[tuple[Count, ...]] = (
    "lost",
    "doubled",
    "out_of_order",
    "early",
    "doubled_sends",
    "claimed_after_no",
)
"""Zero, whatever happens."""
_EXAMPLES = 5


class Finding(msgspec.Struct):
    """One kind of broken promise."""

    invariant: Invariant
    kind: str
    count: int = 0
    examples: list[str] = []


class Report:
    """Filled by the checks of one history."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.counts: Counter[str] = Counter()
        self._findings: dict[tuple[str, str], Finding] = {}

    def count(self, name: Count, number: int = 1) -> None:
        self.counts[name] += number

    def find(
        self, invariant: Invariant, kind: str, example: object = "", *, also: Count | None = None
    ) -> None:
        """A broken promise; `also` is the column of the table in which it counts."""
        finding = self._findings.setdefault((invariant, kind), Finding(invariant, kind))
        finding.count += 1
        if len(finding.examples) < _EXAMPLES:
            finding.examples.append(str(example))
        if also is not None:
            self.count(also)

    def add(self, other: Report) -> None:
        """Take over what another check found."""
        self.counts += other.counts
        for key, finding in other._findings.items():
            mine = self._findings.setdefault(key, Finding(finding.invariant, finding.kind))
            mine.count += finding.count
            mine.examples = [*mine.examples, *finding.examples][:_EXAMPLES]

    @property
    def findings(self) -> Sequence[Finding]:
        return [finding for _, finding in sorted(self._findings.items())]

    @property
    def broken(self) -> frozenset[str]:
        """The invariants that do not hold."""
        return frozenset(invariant for invariant, _ in self._findings)

    @property
    def is_good(self) -> bool:
        return not self._findings and not any(self.counts[name] for name in PROMISED)

    def as_json(self) -> Mapping[str, Any]:
        """For machines."""
        return {
            "name": self.name,
            "counts": {name: self.counts[name] for name in COLUMNS},
            "findings": msgspec.to_builtins(self.findings),
        }

    @override
    def __str__(self) -> str:
        lines = [f"{self.name}: " + ", ".join(f"{self.counts[n]} {n}" for n in COLUMNS)]
        lines += [
            f"  {one.invariant} {one.kind}: {one.count}, such as {one.examples}"
            for one in self.findings
        ]
        return "\n".join(lines)


def table_of(reports: Sequence[Report]) -> Table:
    """One row a run, and their sum."""
    table = Table(title="histories", title_justify="left")
    table.add_column("run")
    for name in COLUMNS:
        table.add_column(name.replace("_", " "), justify="right", overflow="fold")
    table.add_column("findings", justify="right")
    whole: Counter[str] = Counter()
    for report in reports:
        whole += report.counts
        table.add_row(report.name, *_cells(report.counts), str(len(report.findings)))
    table.add_section()
    findings = sum(len(report.findings) for report in reports)
    table.add_row("together", *_cells(whole), str(findings))
    return table


def _cells(counts: Mapping[str, int]) -> list[str]:
    return [f"{counts[name]:,}" for name in COLUMNS]
