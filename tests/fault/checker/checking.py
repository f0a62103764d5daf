"""All checks of one history: in two halves, each of which knows nothing of the other."""

from __future__ import annotations

import gc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final

from tests.fault.checker.decisions import check_decisions
from tests.fault.checker.identities import check_identities
from tests.fault.checker.outcome import Told, check_messages, check_poison
from tests.fault.checker.output import Written
from tests.fault.checker.quarantine import Quarantine
from tests.fault.checker.recipients import check_recipients
from tests.fault.checker.releases import Releases
from tests.fault.checker.report import Report
from tests.fault.checker.sending import check_sending
from tests.fault.checker.settled import check_settled
from tests.fault.checker.standing import check_people
from tests.fault.checker.states import ORCHESTRATOR, SCORING, check_states
from tests.fault.history.files import FileHistory
from tests.fault.history.model import History

Half = Callable[[History, Told], Report]


def check(history: History, told: Told, name: str = "") -> Report:
    """Assert I1–I7, I11 and I13 over everything that a run left behind; pure."""
    report = Report(name)
    for half in _HALVES:
        report.add(half(history, told))
    return report


def check_on_two_cores(history: FileHistory, told: Told, name: str = "") -> Report:
    """The same for long histories, in half the time."""
    # Each half holds millions of objects and leaves no cycles that were worth looking for.
    report = Report(name)
    with ProcessPoolExecutor(
        len(_HALVES), mp_context=get_context("spawn"), initializer=gc.disable
    ) as pool:
        for done in [pool.submit(half, history, told) for half in _HALVES]:
            report.add(done.result())
    return report


def _check_what_happened(history: History, told: Told) -> Report:
    """From the clients' messages to the activities and their scores."""
    report = Report()
    quarantine, written = Quarantine.of(history, report), Written.of(history, report)
    releases = Releases(history)
    check_identities(history, releases, quarantine, written, report)
    check_states(history, SCORING, releases, quarantine, written, report)
    check_messages(history, told, quarantine, report)
    check_poison(history, told, quarantine, report)
    check_settled(history, report)
    return report


def _check_what_followed(history: History, told: Told) -> Report:
    """From the activities to the decisions and the mails."""
    report, again = Report(), Report()
    # The other half has told what stands in these.
    quarantine, written = Quarantine.of(history, again), Written.of(history, again)
    releases = Releases(history)
    check_states(history, ORCHESTRATOR, releases, quarantine, written, report)
    desk = check_recipients(history, releases, quarantine, report)
    people = {person.number: person for person in told.plan.people}
    noes = {people[number].email: at for number, at in told.answers.noes.items()}
    check_sending(history, desk, noes, report)
    check_decisions(history, report)
    check_people(history, told, report)
    return report


_HALVES: Final[tuple[Half, ...]] = (_check_what_happened, _check_what_followed)
