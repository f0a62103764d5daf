"""The auction: which proposal for a customer is taken, and why the others are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from common.contracts.decisions import Candidate, Gate, Outcome
from common.customer import Customer
from orchestrator.domain import reasons
from orchestrator.domain.journey import Journey
from orchestrator.domain.state import Contact
from orchestrator.domain.steps import AUDIENCES, Proposal

TRANSACTIONAL: Final = "transactional"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What was ruled on a proposal, with everything that was considered."""

    outcome: Outcome
    reason: str
    """`eligible`, or the first gate that kept the most wanted channel out."""
    candidates: tuple[Candidate, ...]
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Bid:
    """One message on one channel, with all that its gates look at."""

    journey: Journey
    proposal: Proposal
    channel: str
    customer: Customer
    log: Sequence[Contact] = ()
    """What was decided for the customer before."""


def _message_is_known(bid: Bid) -> bool:
    # An audience has members, and they read nothing of it.
    return bid.channel == AUDIENCES or (bid.proposal.message, bid.channel) in bid.journey.messages


def _adapter_is_there(bid: Bid) -> bool:
    return bid.channel in bid.journey.setting.adapters


def _consent_is_given(bid: Bid) -> bool:
    # What fulfils a contract needs no marketing consent.
    purpose = bid.proposal.purpose or bid.journey.purpose
    return purpose == TRANSACTIONAL or bid.customer.consents_to(bid.channel, purpose)


def _address_is_known(bid: Bid) -> bool:
    return bid.channel in bid.customer.reachable


def _is_new(bid: Bid) -> bool:
    about = (bid.journey.name, bid.proposal.message, bid.proposal.key)
    said = ((one.playbook, one.message, one.key) for one in bid.log if one.status not in UNSAID)
    return about not in said


GATES: Final[tuple[tuple[str, Callable[[Bid], bool], str], ...]] = (
    ("message", _message_is_known, reasons.UNKNOWN_MESSAGE),
    ("adapter", _adapter_is_there, reasons.NO_ADAPTER),
    ("consent", _consent_is_given, reasons.NO_CONSENT),
    ("address", _address_is_known, reasons.NO_ADDRESS),
)
"""Name, question, and the reason where the answer is no; in the order in which a no is reported."""


ONCE: Final = ("once", _is_new, reasons.SAID_ALREADY)
"""Asked of what is about something, first of all."""
UNSAID: Final = ("skipped", "failed")
"""What did not reach the customer may be said again."""


def arbitrate(
    journey: Journey, proposal: Proposal, customer: Customer, log: Sequence[Contact] = ()
) -> Ruling:
    """Ask every gate for every channel; the most wanted channel whose gates all say yes is taken."""
    bids = [Bid(journey, proposal, channel, customer, log) for channel in proposal.channels]
    score = None if proposal.value is None else proposal.value * proposal.urgency
    candidates = tuple(
        Candidate(bid.proposal.message, bid.channel, _asked(bid), score) for bid in bids
    )
    for candidate in candidates:
        if all(gate.ok for gate in candidate.gates):
            return Ruling("chosen", reasons.ELIGIBLE, candidates, candidate.channel)
    reason = next(gate.reason for gate in candidates[0].gates if not gate.ok)
    return Ruling("rejected", reason, candidates)


def _asked(bid: Bid) -> tuple[Gate, ...]:
    gates = (ONCE, *GATES) if bid.proposal.key else GATES
    answers = ((name, passes(bid), reason) for name, passes, reason in gates)
    return tuple(Gate(name, ok, "" if ok else reason) for name, ok, reason in answers)
