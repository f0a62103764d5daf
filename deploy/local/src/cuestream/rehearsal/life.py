"""One customer to whom things happen: the orchestrator's folds, timers and virtual time, without log or database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from common.consuming import Folded, Record, TimerDue
from common.contracts import Payload, encode_event
from common.contracts.actions import ActionRequested
from common.ids import derive
from cuestream.rehearsal.answering import STATUSES, answer_to
from orchestrator.consumer import journey_handlers
from orchestrator.domain.library import Library
from orchestrator.domain.state import ProfileState

TICK: Final = timedelta(milliseconds=250)
"""How far virtual time is beyond a timer's instant when it fires."""
_CAUSE: Final = derive("rehearsal", "cause")


class Life:
    """A customer under one configuration; everything that comes of what happens to them is in `told`.

    Months go by in milliseconds: time is a number here, and nobody waits for it.
    """

    def __init__(
        self, library_of: Callable[[str], Library], workspace: str, who: UUID, start: datetime
    ) -> None:
        self.who = who
        self.now = start
        self.state: ProfileState | None = None
        self.timers: dict[str, datetime] = {}
        self.told: list[tuple[datetime, Payload]] = []
        """What the orchestrator published, with the moment."""
        self._workspace = workspace
        self.answers: Mapping[str, str] = {}
        """What becomes of the errands of a kind: `sent`, `skipped`, `failed`, or `none`; who says nothing has no adapter."""
        self._asked: list[ActionRequested] = []
        self.heard = 0
        """How many records were folded."""
        self.configure(library_of)

    def configure(self, library_of: Callable[[str], Library]) -> None:
        """From now on another release is in force."""
        self.library_of = library_of
        self.table = journey_handlers(library_of)

    def learns(self, payload: Payload, *, history: bool = False) -> None:
        """A record of this customer is folded."""
        self.heard += 1
        event = encode_event(
            payload,
            id=derive("record", self.who, self.heard),
            source="/rehearsal",
            subject=str(self.who),
            time=self.now,
            workspace=self._workspace,
            correlationid=_CAUSE,
        )
        record = Record(
            payload.TOPICS[0], 0, self.heard, self.now, self.now, event, history=history
        )
        self.take(self.table.records[payload.TYPE](self.state, record, self.now))

    def waits(self, duration: timedelta) -> None:
        """Time passes; a timer fires once the virtual time is beyond it."""
        until = self.now + duration
        while self.timers:
            due, name = min((due, name) for name, due in self.timers.items())
            if due >= until:
                break
            self.now = max(self.now, min(due + TICK, until))
            self.fires(name, due)
        self.now = until

    def fires(self, name: str, due: datetime) -> None:
        """A timer's time has come."""
        self.timers = {k: v for k, v in self.timers.items() if (k, v) != (name, due)}
        if self.table.timer is not None:
            signal = TimerDue(0, self._workspace, self.who, name, due, _CAUSE)
            self.take(self.table.timer(self.state, signal, self.now))

    def take(self, folded: Folded[ProfileState]) -> None:
        """What a fold came to."""
        self.state = folded.state
        for name, due in folded.timers.items():
            if due is None:
                self.timers.pop(name, None)
            else:
                self.timers[name] = due
        for consequence in folded.consequences:
            if consequence.payload is not None:
                self.told.append((self.now, consequence.payload))
            if isinstance(consequence.payload, ActionRequested):
                self._asked.append(consequence.payload)
        while self._asked:
            self._answer(self._asked.pop(0))

    def _answer(self, asked: ActionRequested) -> None:
        """What the dispatcher says of an errand, at once; of messages it tells what interests nobody here."""
        answer = STATUSES.get(self.answers.get(asked.kind, "skipped"))
        if asked.kind != "message" and answer is not None:
            self.learns(answer_to(asked, answer, self.now))
