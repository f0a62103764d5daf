"""How each source does: what came of it within the hour and the day, and what became of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from common.configuration import Configuration, workspace_of
from common.contracts.ingestion import SourceLine, SourceReported
from ingest.domain.receptions import OTHERS, span_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOST_LINES = 50
"""Lines of one outcome that are published of one source; the rest is one line more."""


class Counted(Protocol):
    """So many of one kind within some minutes."""

    @property
    def workspace(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def since(self) -> datetime: ...
    @property
    def outcome(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def last_at(self) -> datetime: ...
    @property
    def sample(self) -> UUID | None: ...


@dataclass(slots=True)
class Line:
    """One name or reason."""

    what: str
    detail: str
    hour: int = 0
    day: int = 0
    last_at: datetime | None = None
    sample: UUID | None = None
    """The event id of the last one; `cuestream trace` takes it, too."""


@dataclass(slots=True)
class SourceReport:
    """One source's."""

    workspace: str
    source: str
    kind: str | None
    """None: no release knows it any more."""
    last_seen: datetime | None = None
    lines: dict[str, dict[tuple[str, str], Line]] = field(default_factory=dict)

    def of(self, outcome: str) -> list[Line]:
        """The lines of one outcome, the most frequent first."""
        found = self.lines.get(outcome, {}).values()
        return sorted(found, key=lambda line: (-line.day, line.what, line.detail))


def kinds_of(configuration: Configuration) -> dict[tuple[str, str], str]:
    """The sources that are configured, by workspace and name."""
    return {
        (name, source): kind.kind
        for name, release in configuration.releases.items()
        for source, kind in workspace_of(release).sources.items()
    }


def report(
    kinds: Mapping[tuple[str, str], str],
    counted: Iterable[Counted],
    last: Mapping[tuple[str, str], datetime],
    now: datetime,
) -> list[SourceReport]:
    """A report for each source that is configured or was ever heard of; the times are spans', so an hour is one to some minutes."""
    reports = {
        key: SourceReport(*key, kinds.get(key), last.get(key)) for key in sorted({*kinds, *last})
    }
    hour = span_of(now - HOUR)
    for each in counted:
        key = each.workspace, each.source
        found = reports.setdefault(key, SourceReport(*key, kinds.get(key), each.last_at))
        lines = found.lines.setdefault(each.outcome, {})
        line = lines.setdefault((each.what, each.detail), Line(each.what, each.detail))
        line.day += each.number
        line.hour += each.number if each.since >= hour else 0
        if line.last_at is None or each.last_at >= line.last_at:
            line.last_at, line.sample = each.last_at, each.sample or line.sample
    return list(reports.values())


def published(source: SourceReport, now: datetime) -> SourceReported:
    """The report as readers elsewhere get it; it is never larger than some tens of kilobytes."""
    return SourceReported(
        source=source.source,
        as_of=now,
        kind=source.kind,
        last_seen=source.last_seen,
        lines=tuple(
            SourceLine(
                outcome=outcome,
                what=line.what,
                detail=line.detail,
                hour=line.hour,
                day=line.day,
                last_at=line.last_at or now,
                sample=line.sample,
            )
            for outcome in sorted(source.lines)
            for line in _shortened(source.of(outcome))
        ),
    )


def _shortened(lines: list[Line]) -> list[Line]:
    kept, rest = lines[:MOST_LINES], lines[MOST_LINES:]
    others = next((line for line in kept if line.what == OTHERS), None)
    if not rest:
        return kept
    if others is None:
        others = Line(OTHERS, "")
        kept.append(others)
    for line in rest:
        others.hour += line.hour
        others.day += line.day
        if line.last_at and (others.last_at is None or line.last_at >= others.last_at):
            others.last_at, others.sample = line.last_at, line.sample or others.sample
    return kept
