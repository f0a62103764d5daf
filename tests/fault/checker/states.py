"""I3 and I11 of the services with one aggregate per profile: their rows against the sequential reference."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from common.streaming.ports import Place
from orchestrator.consumer import INPUTS as ORCHESTRATOR_INPUTS
from orchestrator.consumer import LOOP as ORCHESTRATOR_LOOP
from orchestrator.consumer import handlers as orchestrator_handlers
from orchestrator.store import JourneyBook
from scoring.consumer import INPUTS as SCORING_INPUTS
from scoring.consumer import LOOP as SCORING_LOOP
from scoring.consumer import handlers as scoring_handlers
from scoring.store import lead_book
from tests.fault.checker.folding import Refolded, Refolding, Service
from tests.fault.checker.output import Written
from tests.fault.checker.quarantine import Ends, Quarantine
from tests.fault.checker.releases import Releases
from tests.fault.checker.report import Report
from tests.fault.history.model import History, StateRow

SCORING: Final = Service("scoring", SCORING_LOOP, SCORING_INPUTS, scoring_handlers, lead_book())
ORCHESTRATOR: Final = Service(
    "orchestrator",
    ORCHESTRATOR_LOOP,
    ORCHESTRATOR_INPUTS,
    orchestrator_handlers,
    JourneyBook(),
)


def check_states(
    history: History,
    service: Service,
    releases: Releases,
    quarantine: Quarantine,
    written: Written,
    report: Report,
) -> None:
    """Fold each partition anew and compare states, timers and output."""
    rows: dict[int, list[StateRow]] = defaultdict(list)
    for row in history.rows(f"{service.name}.profiles"):
        rows[row.partition].append(row)
    ends = Ends(service.name, quarantine, report)
    for partition in range(history.partitions):
        refolding: Refolding[Any] = Refolding(history, service, partition, releases, ends, report)
        refolded = refolding.run()
        _compare_rows(service, refolded, rows.pop(partition, []), report)
        _compare_timers(history, service, partition, refolded, report)
        refolded.output.compare(written.places(service.loop, partition), report)


def _compare_rows(
    service: Service, refolded: Refolded[Any], rows: list[StateRow], report: Report
) -> None:
    book = service.book
    wanted = {
        key: (now, book._schema, book._encode(state))
        for key, (now, state) in refolded.states.items()
        if state is not None
    }
    for row in rows:
        key = (row.partition, row.profile_id, row.workspace)
        reference = wanted.pop(key, None)  # type: ignore[call-overload]
        if reference is None:
            report.find("I3", "a state that nothing led to", f"{service.name} {row.profile_id}")
        elif reference != (row.now, row.schema, row.state):
            report.find(
                "I3", "a state that is not the sequential fold", f"{service.name} {row.profile_id}"
            )
    for missing in wanted:
        report.find(
            "I3", "a state that is missing", f"{service.name} {missing.profile_id}", also="lost"
        )


def _compare_timers(
    history: History, service: Service, partition: int, refolded: Refolded[Any], report: Report
) -> None:
    set_now = {
        (row.profile_id, row.name): row.due_at
        for row in history.rows(f"{service.name}.timers")
        if (row.loop, row.partition) == (service.loop, partition)
    }
    wanted = {key: timer.due_at for key, timer in refolded.timers.items()}
    for key in wanted.keys() - set_now.keys():
        report.find("I6", "a timer that is missing", f"{service.name} {key}", also="lost")
    for key in set_now.keys() - wanted.keys():
        report.find("I6", "a timer that nothing set", f"{service.name} {key}", also="doubled")
    for key in wanted.keys() & set_now.keys():
        if wanted[key] != set_now[key]:
            report.find("I6", "a timer with another instant", f"{service.name} {key}")


def places_of(service: Service, partitions: int) -> list[Place]:
    """All inputs of a service."""
    return [Place(topic, p) for topic in service.inputs for p in range(partitions)]
