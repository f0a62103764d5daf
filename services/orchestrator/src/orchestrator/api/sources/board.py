"""What the page of sources shows: the last report of each, fed from the topic, kept in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from typing_extensions import override

from common.contracts.ingestion import SourceLine, SourceReported
from common.errors import PermanentError
from common.streaming.model import Record
from orchestrator.api.noticeboard import Noticeboard

KINDS: Mapping[str, str] = {
    "accepted": "accepted",
    "rejected": "rejected",
    "flagged": "violations",
    "duplicate": "came again",
    "ignored": "bots",
    "refused": "over a limit",
}
"""What may become of a message, in the order of the page, and in its words."""
GONE = timedelta(minutes=30)
"""Reports are renewed every five minutes: one that is so much older than another is of a source that is no more."""
SILENT = timedelta(minutes=12)
"""So long without any report, nobody counts."""


@dataclass(frozen=True)
class Source:
    """One source's last report."""

    workspace: str
    report: SourceReported

    @property
    def name(self) -> str:
        return self.report.source

    def lines(self, outcome: str) -> Sequence[SourceLine]:
        """The most frequent of the day first."""
        return self._by_outcome.get(outcome, ())

    def hour(self, outcome: str) -> int:
        return sum(line.hour for line in self.lines(outcome))

    def day(self, outcome: str) -> int:
        return sum(line.day for line in self.lines(outcome))

    @cached_property
    def _by_outcome(self) -> Mapping[str, list[SourceLine]]:
        found: dict[str, list[SourceLine]] = {}
        for line in self.report.lines:
            found.setdefault(line.outcome, []).append(line)
        return found


@dataclass(frozen=True, slots=True)
class Choice:
    """What one reader wants to see; None: all."""

    workspace: str | None = None
    source: str | None = None


class SourceBoard(Noticeboard):
    """Keeps each source's last report; one that is older than what it shows changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._sources: dict[tuple[str, str], Source] = {}

    @override
    def _put(self, records: Iterable[Record]) -> None:
        for record in records:
            try:
                report = record.event.payload(SourceReported)
            except PermanentError:
                continue
            key = record.workspace, report.source
            known = self._sources.get(key)
            if known is None or report.as_of > known.report.as_of:
                self._sources[key] = Source(record.workspace, report)
                self._number += 1

    @property
    def as_of(self) -> datetime | None:
        """Of the newest report; None: there is none."""
        return max((source.report.as_of for source in self._sources.values()), default=None)

    def all(self, workspace: str | None = None) -> list[Source]:
        """Those of a workspace, by name, without those that are gone."""
        newest = self.as_of
        return [
            source
            for (where, _), source in sorted(self._sources.items())
            if workspace in (None, where) and newest and newest - source.report.as_of < GONE
        ]

    def one(self, choice: Choice) -> Source | None:
        """The chosen source; None: nothing is known of it."""
        return next((s for s in self.all(choice.workspace) if s.name == choice.source), None)

    def workspaces(self) -> list[str]:
        return sorted({source.workspace for source in self.all()})

    def silent(self, now: datetime) -> bool:
        """Whether nobody has counted for a while, so that what is shown is old."""
        return self.as_of is not None and now - self.as_of > SILENT
