"""How an enrollment goes from step to step until it rests or ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from common.contracts.actions import ActionRequested
from common.contracts.decisions import (
    DecisionMade,
    EnrollmentAdvanced,
    EnrollmentEmitted,
)
from common.ids import derive
from orchestrator.domain import reasons
from orchestrator.domain.arbitration import Ruling, arbitrate
from orchestrator.domain.journey import Journey
from orchestrator.domain.memory.contacts import REQUESTED
from orchestrator.domain.occasion import Occasion
from orchestrator.domain.passage.notes import Notes, decision_id, end
from orchestrator.domain.program import Placed
from orchestrator.domain.state import Contact, Enrollment
from orchestrator.domain.steps import Emission, Errand, Go, Jump, Keep, Leave, Move, Proposal, Rest

MAX_MOVES: Final = 1_000
"""Steps that one occasion may lead through."""


@dataclass(frozen=True, slots=True)
class Course:
    """One passage on its way from step to step, until it rests or ends."""

    journey: Journey
    occasion: Occasion
    notes: Notes

    def arrive(self, enrollment: Enrollment, place: int) -> Enrollment | None:
        """Come to a place, or to the end, and go on from there."""
        if place >= len(self.journey.steps):
            end(enrollment, reasons.COMPLETED, self.notes)
            return None
        standing = replace(enrollment, step=place)
        step = self.journey.steps[place].step
        return self.follow(standing, step.arrive(self.journey.visit(standing, self.occasion)))

    def follow(self, standing: Enrollment, move: Move) -> Enrollment | None:
        """Do what the step says, and go on until one makes the enrollment rest."""
        # Each way forward ends, and the static checks find no way back without a wait; the fuse is for what they overlook.
        for _ in range(MAX_MOVES):
            if isinstance(move, Rest):
                return self.rest(standing, move, reasons.ARRIVED)
            if isinstance(move, Leave):
                self._tell(standing, reasons.ARRIVED)
                end(standing, move.reason, self.notes)
                return None
            if isinstance(move, Errand):
                standing = self._ask(standing, move)
                if move.waits:
                    return self.rest(standing, Rest(self.occasion.now + move.within), reasons.ASKED)
            standing, place = self._moved(standing, move)
            if place >= len(self.journey.steps):
                end(standing, reasons.COMPLETED, self.notes)
                return None
            standing = replace(standing, step=place)
            visit = self.journey.visit(standing, self.occasion)
            move = self.journey.steps[place].step.arrive(visit)
        end(standing, reasons.TOO_MANY_STEPS, self.notes)
        return None

    def rest(self, enrollment: Enrollment, rest: Rest, reason: str) -> Enrollment:
        self.notes.timers[enrollment.timer] = rest.until
        self._tell(enrollment, reason, rest.until)
        return replace(enrollment, due_at=rest.until, held=False, way=None, skips=False)

    def _moved(self, standing: Enrollment, move: Move) -> tuple[Enrollment, int]:
        """The enrollment after the move, and the place to which it leads."""
        placed = self.journey.steps[standing.step]
        match move:
            case Go(block=int(block), keep=kept):
                self._tell(standing, reasons.took_way(placed.ways[block]))
                if kept:
                    standing = replace(standing, variables={**standing.variables, **kept})
                return standing, placed.blocks[block]
            case Jump():
                return self._jumped(standing, placed, move)
            case Proposal():
                standing = self._propose(standing, move)
            case Keep(name=name, value=value):
                self._tell(standing, reasons.ARRIVED)
                standing = replace(standing, variables={**standing.variables, name: value})
            case Emission():
                self._emit(standing, move)
            case Go() | Rest() | Leave() | Errand():
                self._tell(standing, reasons.ARRIVED)
        return standing, placed.following

    def _jumped(self, standing: Enrollment, placed: Placed, jump: Jump) -> tuple[Enrollment, int]:
        so_far = standing.jumps.get(placed.id, 0)
        if so_far >= jump.at_most:
            self._tell(standing, reasons.ROUNDS_OVER)
            return standing, placed.following
        self._tell(standing, reasons.went_back(jump.to))
        jumps = {**standing.jumps, placed.id: so_far + 1}
        return (
            replace(standing, jumps=jumps, rounds=standing.rounds + 1),
            self.journey.place_of(jump.to),
        )

    def _emit(self, standing: Enrollment, emission: Emission) -> None:
        self.notes.emitted.append(
            EnrollmentEmitted(
                enrollment_id=standing.id,
                playbook=self.journey.name,
                version=self.journey.version,
                step=self.journey.steps[standing.step].said,
                event_id=derive("emission", standing.id, standing.step, standing.rounds),
                name=emission.event,
                properties=dict(emission.properties),
            )
        )

    def _ask(self, enrollment: Enrollment, errand: Errand) -> Enrollment:
        """Ask the dispatcher, also where it is overdue: a hand-over that is late is better than none."""
        errand_id = derive("errand", enrollment.id, enrollment.step, enrollment.rounds)
        self.notes.told.append(
            ActionRequested(
                delivery_id=derive("delivery", errand_id),
                decision_id=errand_id,
                enrollment_id=enrollment.id,
                playbook=self.journey.name,
                version=self.journey.version,
                kind=errand.kind,
                message=errand.name,
                channel=errand.channel,
                purpose=self.journey.purpose,
                expires_at=self.occasion.now + errand.within,
                due_at=self.occasion.due_at,
                triggered_at=enrollment.since,
                data=dict(errand.data),
            )
        )
        return replace(enrollment, awaits=errand_id)

    def _propose(self, enrollment: Enrollment, proposal: Proposal) -> Enrollment:
        log = (*self.notes.log, *self.notes.contacts)
        ruling = arbitrate(self.journey, proposal, self.occasion.customer, log)
        if enrollment.skips:
            ruling = Ruling("expired", reasons.OVERDUE, ruling.candidates)
        decision = DecisionMade(
            decision_id=decision_id(enrollment),
            trigger_id=enrollment.trigger_id,
            enrollment_id=enrollment.id,
            playbook=self.journey.name,
            version=self.journey.version,
            outcome=ruling.outcome,
            reason=ruling.reason,
            candidates=ruling.candidates,
            due_at=self.occasion.due_at,
        )
        self._tell(enrollment, reasons.ARRIVED)
        self.notes.told.append(decision)
        if ruling.channel is not None:
            self._request(enrollment, decision, proposal, ruling.channel)
        # The timer that led here has fired; a step that makes it rest sets the next.
        return replace(enrollment, proposed=True, due_at=None)

    def _request(
        self, enrollment: Enrollment, decision: DecisionMade, proposal: Proposal, channel: str
    ) -> None:
        self.notes.told.append(
            ActionRequested(
                delivery_id=derive("delivery", decision.decision_id),
                decision_id=decision.decision_id,
                enrollment_id=decision.enrollment_id,
                playbook=self.journey.name,
                version=self.journey.version,
                message=proposal.message,
                channel=channel,
                purpose=proposal.purpose or self.journey.purpose,
                expires_at=self.occasion.now + proposal.expires_after,
                due_at=decision.due_at,
                triggered_at=enrollment.since,
                cart=self.occasion.customer.cart.items,
                trigger=enrollment.trigger,
                variables=enrollment.variables,
                parameters=dict(self.journey.printed),
            )
        )
        self.notes.contacts.append(
            Contact(
                decision_id=decision.decision_id,
                playbook=self.journey.name,
                message=proposal.message,
                channel=channel,
                at=self.occasion.now,
                status=REQUESTED,
                key=proposal.key,
            )
        )

    def _tell(self, enrollment: Enrollment, reason: str, due_at: datetime | None = None) -> None:
        self.notes.told.append(
            EnrollmentAdvanced(
                enrollment_id=enrollment.id,
                playbook=self.journey.name,
                version=self.journey.version,
                step=self.journey.steps[enrollment.step].said,
                reason=reason,
                due_at=due_at,
            )
        )
