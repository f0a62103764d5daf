"""Brings together what the gate has to know, and asks it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from common.clock import monotonic
from dispatcher.domain.gate import ContactsKnowledge, Send, Situation, Verdict, judge
from dispatcher.domain.rules import Rules
from dispatcher.domain.templates import TemplateError, Templates
from dispatcher.jobs.circuits import Circuits
from dispatcher.ports import Barrier, Candidate, EmailProvider, Found, Outlets, Rulebook

BARRIER_LASTS = 0.5
"""Seconds for which a met barrier allows claims; the first byte then has as long again."""
FIRST_BYTE = 1.0
"""Seconds after its barrier by which a mail's first byte is out, or it is claimed anew."""

TemplateState = Literal["ready", "unknown_version", "template_missing", "template_error"]
Contacts = Callable[[Collection[int]], ContactsKnowledge]
"""What is known of some partitions' contacts."""
BarrierMet = Callable[[], Barrier | None]
"""The newest barrier behind which every no is folded."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A candidate that may be sent, and by what it is sent."""

    candidate: Candidate
    address: str
    rules: Rules
    templates: Templates
    provider: EmailProvider
    now: datetime
    """The database's clock at the claim."""
    start_by: float | None
    """The monotonic second after which its first byte may no longer go out; None: at any time."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate, the verdict, and what is needed where that is to send."""

    candidate: Candidate
    verdict: Verdict
    admitted: Admitted | None


class Gatekeeper:
    """Asks the gate about every delivery that is due."""

    def __init__(
        self,
        *,
        rulebook: Rulebook,
        outlets: Outlets,
        circuits: Circuits,
        contacts: Contacts,
        barrier_met: BarrierMet,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._rulebook = rulebook
        self._outlets = outlets
        self._circuits = circuits
        self._contacts = contacts
        self._barrier_met = barrier_met
        self._clock = clock

    def judge(self, found: Found, barrier: Barrier | None) -> list[Judged]:
        """One verdict per candidate, in their order.

        `barrier` must have been taken before anything of what was found was read: one that was met
        since then speaks for what was folded since then, too.
        """
        still = barrier if self._lasts(barrier) else None
        return [self._judge(candidate, found, still) for candidate in found.candidates]

    def barrier(self) -> Barrier | None:
        """What to claim by; None where the newest barrier is too old for that."""
        met = self._barrier_met()
        return met if self._lasts(met) else None

    def _lasts(self, barrier: Barrier | None) -> bool:
        return barrier is not None and self._clock() - barrier.began <= BARRIER_LASTS

    def _judge(self, candidate: Candidate, found: Found, barrier: Barrier | None) -> Judged:
        delivery = candidate.delivery
        rules = self._rulebook.rules(delivery.workspace)
        state, templates = self._templates(candidate)
        provider = self._outlets.outlet(rules) if rules else None
        verdict = judge(
            Situation(
                now=found.now,
                delivery=delivery,
                recipient=candidate.recipient,
                address=candidate.address,
                stop=candidate.stop,
                halted=not found.halted.isdisjoint({"*", delivery.workspace}),
                contacts=self._contacts(candidate.read_in),
                barrier_at=barrier.appended_at if barrier else None,
                configured=rules is not None,
                template=state,
                has_adapter=self._outlets.speaks(delivery.request.kind, delivery.request.channel),
                has_provider=provider is not None,
                provider_back_at=self._circuits.back_at(provider, found.now) if provider else None,
            )
        )
        if not (isinstance(verdict, Send) and rules and templates and provider):
            return Judged(candidate, verdict, None)
        self._circuits.admitted(provider)
        start_by = (
            None if delivery.is_transactional or barrier is None else barrier.began + FIRST_BYTE
        )
        admitted = Admitted(
            candidate, verdict.address, rules, templates, provider, found.now, start_by
        )
        return Judged(candidate, verdict, admitted)

    def _templates(self, candidate: Candidate) -> tuple[TemplateState, Templates | None]:
        request = candidate.delivery.request
        try:
            templates = self._rulebook.templates(request.playbook, request.version)
        except TemplateError:
            return "template_error", None
        if templates is None:
            return "unknown_version", None
        if not templates.of(request.message, request.channel):
            return "template_missing", None
        return "ready", templates
