"""The sequential reference of resolve: all partitions merged by the number that each batch drew under its locks."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Final, NamedTuple
from uuid import UUID

from common.configuration import Configuration
from common.consuming import Record, Signal
from common.contracts.runtime import Run
from common.errors import PermanentError
from common.streaming.model import Fold
from common.streaming.ports import Place
from ingest.consumer import NAME, handlers, loop
from ingest.domain.people import Account, People, Profile, Sharing, Sighting
from ingest.handlers import Touched, touched
from ingest.store import PeopleBook
from ingest.store.loading import Found, Key, nodes
from tests.fault.checker.arrivals import Arrivals, Spoiled
from tests.fault.checker.journal import Batch, Walk, batches
from tests.fault.checker.output import Output
from tests.fault.checker.quarantine import Ends
from tests.fault.checker.releases import Releases
from tests.fault.checker.report import Report
from tests.fault.history.model import History

INPUTS: Final = tuple(loop(PeopleBook()).inputs)


@dataclass(slots=True)
class Registry:
    """Everybody, as resolve's tables hold them."""

    identities: dict[Key, UUID] = field(default_factory=dict)
    profiles: dict[tuple[str, UUID], Profile] = field(default_factory=dict)
    sharing: dict[Key, Sharing] = field(default_factory=dict)
    nows: dict[tuple[str, UUID], datetime] = field(default_factory=dict)
    seen: dict[tuple[str, UUID], Sighting] = field(default_factory=dict)
    accounts: dict[tuple[str, str], Account] = field(default_factory=dict)
    proofs: set[tuple[str, UUID, UUID, str, str]] = field(default_factory=set)
    """Statements in the ledger: whose, by which event, on what."""

    def root(self, workspace: str, profile_id: UUID) -> UUID:
        """The profile that this one has become."""
        known = self.profiles.get((workspace, profile_id))
        while known is not None and known.merged_into is not None:
            profile_id = known.merged_into
            known = self.profiles.get((workspace, profile_id))
        return profile_id

    def found(self, touches: Sequence[Touched]) -> Found:
        """What a batch that touches these would load."""
        found = Found()
        for touch in touches:
            for who in touch.identifiers:
                key = (touch.workspace, who.kind, who.value)
                if key in self.identities:
                    found.identities[key] = self.identities[key]
                if key in self.sharing:
                    found.sharing[key] = self.sharing[key]
        wanted = {(touch.workspace, p) for touch in touches for p in touch.profiles}
        wanted |= {(workspace, p) for (workspace, _, _), p in found.identities.items()}
        for workspace, profile_id in wanted:
            self._find(workspace, profile_id, found)
        companies = {(t.workspace, account_id) for t in touches for account_id in t.accounts}
        found.accounts = {key: self.accounts.get(key, Account()) for key in companies}
        events = {(t.workspace, t.event_id) for t in touches if t.event_id is not None}
        found.seen = {key: self.seen[key] for key in events if key in self.seen}
        return found

    def _find(self, workspace: str, profile_id: UUID | None, found: Found) -> None:
        """A profile and those that it has become, to the end."""
        while profile_id is not None and (workspace, profile_id) in self.profiles:
            key = (workspace, profile_id)
            found.profiles[key] = self.profiles[key]
            if key in self.nows:
                found.nows[key] = self.nows[key]
            profile_id = self.profiles[key].merged_into

    def keep(self, people: People) -> None:
        """Save what folding made of a group."""
        workspace = people.workspace
        for who, profile_id in people.identities.items():
            self.identities[workspace, who.kind, who.value] = profile_id
        for who, sharing in people.sharing.items():
            self.sharing[workspace, who.kind, who.value] = sharing
        for profile_id, profile in people.profiles.items():
            self.profiles[workspace, profile_id] = profile
        for account_id, account in people.accounts.items():
            self.accounts[workspace, account_id] = account
        for profile_id, now in people.nows.items():
            self.nows[workspace, profile_id] = now
        for event_id, sighting in people.seen.items():
            self.seen.setdefault((workspace, event_id), sighting)
        for profile_id, said in zip(people.stated_by, people.statements, strict=True):
            self.proofs.add((workspace, profile_id, said.proof_id, said.channel, said.purpose))


class _Group(NamedTuple):
    people: People
    now: datetime | None


class _Signal(NamedTuple):
    record: Record
    folds: Mapping[str, Fold[People]]
    """Of the release under which it was folded."""


class PeopleRefolding:
    """Folds all of resolve's journals."""

    def __init__(self, history: History, releases: Releases, ends: Ends, report: Report) -> None:
        self._history = history
        self._releases = releases
        self._ends = ends
        self._report = report
        self._arrivals = Arrivals.of(history.partitions)
        self._types = handlers(Configuration()).records.keys()
        self._folds: tuple[Configuration, Mapping[str, Fold[People]]] | None = None
        self.registry = Registry()
        self.outputs = {p: Output(NAME, p, history.partitions) for p in range(history.partitions)}
        places = [Place(topic, p) for topic in INPUTS for p in range(history.partitions)]
        self.walks = {place: Walk.of(history, place, report) for place in places}

    def run(self) -> None:
        partitions = range(self._history.partitions)
        drawn = [self._drawn(partition) for partition in partitions]
        merged = heapq.merge(*drawn, key=lambda pair: pair[0])
        for _, together in groupby(merged, key=lambda pair: pair[0]):
            self._transaction([batch for _, batch in together])

    def _drawn(self, partition: int) -> Iterator[tuple[tuple[int, int, int], Batch]]:
        """The partition's batches with their place in the order of all; one without a draw touched nobody."""
        last = 0
        for batch in batches(self._history, "ingest", partition, self._report):
            draw = batch.entry.draw
            if draw is None:
                yield (last, partition, batch.entry.batch), batch
                continue
            if draw <= last:
                self._report.find(
                    "I3",
                    "draws out of order",
                    f"{partition} batch {batch.entry.batch}",
                    also="out_of_order",
                )
            last = max(last, draw)
            yield (draw, -1, 0), batch

    def _transaction(self, together: Sequence[Batch]) -> None:
        """Batches of several partitions that were one transaction, as the runtime orders them."""
        signals: list[_Signal] = []
        for batch in sorted(together, key=lambda one: one.entry.partition):
            configuration = self._releases.at(batch.entry.releases)
            folds = self._folds_under(configuration)
            for run in batch.entry.runs:
                signals += [
                    _Signal(record, folds) for record in self._records(run, configuration, batch)
                ]
        if signals:
            self._fold(signals)

    def _records(self, run: Run, configuration: Configuration, batch: Batch) -> Iterator[Record]:
        walk = self.walks[Place(run.topic, run.partition)]
        for item in walk.take(run.first, run.last):
            arrived = self._arrivals.judge(item, walk, configuration, batch)
            if isinstance(arrived, Spoiled):
                self._ends.spoiled(arrived.item, arrived.reason)
            elif isinstance(arrived, Record) and self._is_folded(arrived):
                yield arrived

    def _is_folded(self, record: Record) -> bool:
        return record.event.type in self._types and not self._ends.is_spared(record)

    def _folds_under(self, configuration: Configuration) -> Mapping[str, Fold[People]]:
        """The folds of a release, made once for all batches in a row that know no other."""
        if self._folds is None or self._folds[0] is not configuration:
            self._folds = (configuration, handlers(configuration).records)
        return self._folds[1]

    def _fold(self, signals: Sequence[_Signal]) -> None:
        touches = dict(self._touches([signal.record for signal in signals]))
        found = self.registry.found(list(touches.values()))
        groups = found.groups(list(touches.values()))
        known = {
            root: _Group(people, people.now)
            for root, people in found.people(list(touches.values()), groups).items()
        }
        for signal in signals:
            touch = touches.get(_place(signal.record))
            if touch is None:
                continue
            root = groups.root(nodes(touch)[0])
            known[root] = self._apply(known[root], signal)
        for group in known.values():
            self.registry.keep(group.people)

    def _touches(self, signals: Sequence[Record]) -> Iterator[tuple[Hashable, Touched]]:
        for signal in signals:
            try:
                yield _place(signal), touched(signal)
            except Exception as error:  # noqa: BLE001 - the runtime puts aside whatever is raised here
                reason = error.reason if isinstance(error, PermanentError) else "fold_failed"
                self._ends.failed(signal, reason)

    def _apply(self, group: _Group, given: _Signal) -> _Group:
        signal = given.record
        now = signal.accepted_at if group.now is None else max(group.now, signal.accepted_at)
        try:
            folded = given.folds[signal.event.type](group.people, signal, now)
        except Exception as error:  # noqa: BLE001 - as above
            reason = error.reason if isinstance(error, PermanentError) else "fold_failed"
            self._ends.failed(signal, reason)
            return group
        self._ends.folded(signal)
        self.outputs[signal.partition].told(folded.consequences, signal, now)
        return _Group(folded.state, now)


def _place(signal: Signal) -> Hashable:
    if isinstance(signal, Record):
        return signal.topic, signal.partition, signal.offset
    return signal
