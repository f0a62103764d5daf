"""The sequential reference of the dispatcher's consumer: who may be written to, and what was requested."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from common.clock import EPOCH
from common.configuration import Configuration
from common.consuming import Record
from common.errors import PermanentError
from common.streaming.ports import Place
from dispatcher.consumer import INPUTS, loop
from dispatcher.domain.recipient import Recipient
from dispatcher.handlers import Docket
from dispatcher.store.rows import snapshot_bytes
from tests.fault.checker.arrivals import Arrivals, Spoiled
from tests.fault.checker.journal import Batch, Walk, batches
from tests.fault.checker.quarantine import Ends, Quarantine
from tests.fault.checker.releases import Releases
from tests.fault.checker.report import Report
from tests.fault.checker.wills import Will, Wills
from tests.fault.history.model import History

_NO_BOOK: Any = None
"""Only the folds are asked."""


@dataclass(slots=True)
class Desk:
    """What the dispatcher knows when everything in its journals was folded."""

    recipients: dict[UUID, Recipient] = field(default_factory=dict)
    planned: dict[UUID, UUID] = field(default_factory=dict)
    """Delivery → profile."""
    wills: Wills = field(default_factory=Wills)

    def address(self, profile_id: UUID) -> str:
        """Where the person is written to, who may be known under another profile by now; empty: nowhere."""
        recipient, met = self.recipients.get(profile_id), {profile_id}
        while recipient is not None and (became := recipient.merged_into) is not None:
            recipient = None if became in met else self.recipients.get(became)
            met.add(became)
        contact = None if recipient is None else recipient.contact
        return "" if contact is None else contact.email or ""


class DeskRefolding:
    """Folds one partition after the other into one desk."""

    def __init__(self, history: History, releases: Releases, ends: Ends, report: Report) -> None:
        self._history = history
        self._releases = releases
        self._ends = ends
        self._report = report
        self._arrivals = Arrivals.of(history.partitions)
        self._folds = loop(_NO_BOOK, live_since=EPOCH).handlers(Configuration()).records
        self.desk = Desk()

    def run(self) -> Desk:
        for partition in range(self._history.partitions):
            places = [Place(topic, partition) for topic in INPUTS]
            walks = {place: Walk.of(self._history, place, self._report) for place in places}
            for batch in batches(self._history, "dispatcher", partition, self._report):
                self._batch(batch, walks)
        return self.desk

    def _batch(self, batch: Batch, walks: dict[Place, Walk]) -> None:
        configuration = self._releases.at(batch.entry.releases)
        for run in batch.entry.runs:
            walk = walks[Place(run.topic, run.partition)]
            for item in walk.take(run.first, run.last):
                arrived = self._arrivals.judge(item, walk, configuration, batch)
                if isinstance(arrived, Spoiled):
                    self._ends.spoiled(arrived.item, arrived.reason)
                elif isinstance(arrived, Record):
                    self._record(arrived, batch)

    def _record(self, record: Record, batch: Batch) -> None:
        fold = self._folds.get(record.event.type)
        if fold is None or self._ends.is_spared(record):
            return
        try:
            key = _subject(record)
            known = self.desk.recipients.get(key)
            docket = fold(Docket(recipient=known), record, record.accepted_at).state
        except PermanentError as error:
            self._ends.failed(record, error.reason)
            return
        self._ends.folded(record)
        for delivery in docket.planned:
            self.desk.planned.setdefault(delivery.id, delivery.profile_id)
        if docket.changed and docket.recipient is not None:
            self.desk.recipients[key] = docket.recipient
            will = Will(record.appended_at, batch.appended_at, docket.recipient)
            self.desk.wills.note(key, will)


def _subject(record: Record) -> UUID:
    try:
        return UUID(record.event.subject)
    except ValueError as error:
        raise PermanentError("undecodable", "the subject is not a profile id") from error


def _columns(recipient: Recipient) -> tuple[int, bytes | None, UUID | None]:
    return recipient.version, snapshot_bytes(recipient), recipient.merged_into


def check_recipients(
    history: History, releases: Releases, quarantine: Quarantine, report: Report
) -> Desk:
    """Fold all of the dispatcher's journals anew and compare; returns what it knows at the end."""
    desk = DeskRefolding(history, releases, Ends("dispatcher", quarantine, report), report).run()
    wanted = dict(desk.recipients)
    for row in history.rows("dispatcher.recipients"):
        reference = wanted.pop(row.profile_id, None)
        if reference is None:
            report.find("I3", "a recipient whom nothing led to", row.profile_id)
        elif _columns(reference) != (row.version, row.snapshot, row.merged_into):
            report.find("I3", "a recipient that is not the sequential fold", row.profile_id)
    for profile_id in wanted:
        report.find("I3", "a recipient who is missing", profile_id, also="lost")
    planned = dict(desk.planned)
    for delivery in history.rows("dispatcher.deliveries"):
        if planned.pop(delivery.delivery_id, None) is None:
            report.find(
                "I3", "a delivery that nobody requested", delivery.delivery_id, also="doubled"
            )
    for delivery_id in planned:
        report.find("I1", "a request without a delivery", delivery_id, also="lost")
    return desk
