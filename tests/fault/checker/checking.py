"""All checks of one history, in one go."""

from __future__ import annotations

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
from tests.fault.history.model import History


def check(history: History, told: Told, name: str = "") -> Report:
    """Assert I1–I7, I11 and I13 over everything that a run left behind; pure."""
    report = Report(name)
    releases, quarantine = Releases(history), Quarantine.of(history, report)
    written = Written.of(history, report)
    check_identities(history, releases, quarantine, written, report)
    for service in (SCORING, ORCHESTRATOR):
        check_states(history, service, releases, quarantine, written, report)
    desk = check_recipients(history, releases, quarantine, report)
    people = {person.number: person for person in told.plan.people}
    noes = {people[number].email: at for number, at in told.answers.noes.items()}
    check_sending(history, desk, noes, report)
    check_decisions(history, report)
    check_messages(history, told, quarantine, report)
    check_people(history, told, report)
    check_poison(history, told, quarantine, report)
    check_settled(history, report)
    return report
