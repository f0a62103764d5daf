"""What the live page shows: the last decisions and, by minute, how many fell; fed from the topic, kept in memory."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args
from uuid import UUID

from typing_extensions import override

from common.contracts.decisions import DecisionMade, Outcome
from common.errors import PermanentError
from common.streaming.model import Record
from orchestrator.api.noticeboard import Noticeboard
from orchestrator.api.words.journeys import rule
from orchestrator.api.words.line import Line
from orchestrator.api.words.phrases import length

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
MINUTES = 60
"""How far back the tallies go."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A decision on the page; `mark` names it to a browser that comes back."""

    number: int
    mark: str
    at: datetime
    workspace: str
    profile_id: str
    decision: DecisionMade
    line: Line

    @property
    def lateness(self) -> str | None:
        """How long after it was due it was ruled; None for what was ruled before."""
        due_at = self.decision.due_at
        return None if due_at is None or self.at <= due_at else length(self.at - due_at)


@dataclass(frozen=True, slots=True)
class View:
    """What one reader wants to see; None: all."""

    workspace: str | None = None
    outcome: str | None = None

    def admits(self, shown: Shown) -> bool:
        return self.workspace in (None, shown.workspace) and self.outcome in (
            None,
            shown.decision.outcome,
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """How many decisions had one outcome, in all and per minute, the oldest minute first."""

    total: int
    minutes: tuple[int, ...]


class Board(Noticeboard):
    """Keeps the newest decisions of each outcome, so that a rare one is not washed away by a frequent one."""

    def __init__(self, *, keep: int = 200) -> None:
        super().__init__()
        self.keep = keep
        self._shown: dict[str, deque[Shown]] = {name: deque(maxlen=keep) for name in OUTCOMES}
        self._seen: dict[UUID, None] = {}
        self._tallies: dict[datetime, Counter[tuple[str, str]]] = {}

    @override
    def _put(self, records: Iterable[Record]) -> None:
        for record in records:
            # The outbox may publish a decision again under the same id.
            if record.event.type == DecisionMade.TYPE and record.event.id not in self._seen:
                self._seen[record.event.id] = None
                self._show(record)
        while len(self._seen) > 2 * self.keep * len(OUTCOMES):
            del self._seen[next(iter(self._seen))]

    def _show(self, record: Record) -> None:
        try:
            decision = record.event.payload(DecisionMade)
        except PermanentError:
            return  # a newer outcome than this page knows; it is in the log all the same
        self._number += 1
        shown = Shown(
            number=self._number,
            mark=f"{record.partition}-{record.offset}",
            at=record.accepted_at,
            workspace=record.workspace,
            profile_id=record.event.subject,
            decision=decision,
            line=rule(decision, record.accepted_at, decision.due_at),
        )
        self._shown[decision.outcome].append(shown)
        minute = _minute(record.appended_at)
        self._tallies.setdefault(minute, Counter())[record.workspace, decision.outcome] += 1
        while len(self._tallies) > MINUTES + 1:
            del self._tallies[min(self._tallies)]

    def newest(self, view: View, *, after: int = 0, limit: int | None = None) -> list[Shown]:
        """The newest decisions of a view, the newest first, at most `keep`."""
        found = [
            shown
            for kept in self._shown.values()
            for shown in kept
            if shown.number > after and view.admits(shown)
        ]
        found.sort(key=lambda shown: -shown.number)
        return found[: self.keep if limit is None else limit]

    def number_of(self, mark: str) -> int | None:
        """The number under which a browser's last decision is known here, if it still is."""
        every = (shown for kept in self._shown.values() for shown in kept)
        return next((shown.number for shown in every if shown.mark == mark), None)

    def tallies(self, now: datetime, workspace: str | None) -> Mapping[str, Tally]:
        """By outcome, what fell in the last hour."""
        last = _minute(now)
        minutes = [last - timedelta(minutes=back) for back in range(MINUTES - 1, -1, -1)]
        return {name: self._tally(minutes, workspace, name) for name in OUTCOMES}

    def _tally(self, minutes: Sequence[datetime], workspace: str | None, outcome: str) -> Tally:
        counts = tuple(
            sum(
                count
                for (where, what), count in self._tallies.get(
                    minute, Counter[tuple[str, str]]()
                ).items()
                if what == outcome and workspace in (None, where)
            )
            for minute in minutes
        )
        return Tally(sum(counts), counts)

    def workspaces(self) -> list[str]:
        """Those of which a decision is known here."""
        tallied = {where for counts in self._tallies.values() for where, _ in counts}
        return sorted(
            tallied | {shown.workspace for kept in self._shown.values() for shown in kept}
        )


def _minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)
