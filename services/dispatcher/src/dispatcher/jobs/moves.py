"""Which move follows from a verdict of the gate or from what became of an attempt."""

from __future__ import annotations

from datetime import datetime

from common.errors import TransientError
from dispatcher.domain.delivery import State
from dispatcher.domain.gate import Hold, Send, Skip, Verdict, Wait
from dispatcher.domain.retries import retry_at
from dispatcher.ports import Accepted, Candidate, Change, OutcomeUnknown, Refused

Outcome = Accepted | Refused | TransientError | OutcomeUnknown


def of_verdict(candidate: Candidate, verdict: Verdict) -> Change:
    """The gate's word as a move."""
    delivery_id, claims, before = candidate.delivery.id, candidate.claims, (candidate.state,)
    match verdict:
        case Send():
            return Change(delivery_id, claims, before, "claimed", reason="", claims_again=True)
        case Skip(reason):
            return Change(delivery_id, claims, before, "skipped", reason=reason)
        case Hold(reason, until):
            return Change(
                delivery_id,
                claims,
                before,
                "held",
                reason=reason,
                due_at=until,
                announced=_news(candidate, reason),
            )
        case Wait(until):
            return Change(delivery_id, claims, before, candidate.state, due_at=until)


def of_outcome(candidate: Candidate, outcome: Outcome, now: datetime) -> Change:
    """What an attempt came to, as a move; `candidate` as it was before its claim."""
    delivery_id, claims = candidate.delivery.id, candidate.claims + 1
    before: tuple[State, ...] = ("transmitting",)
    match outcome:
        case Accepted(provider):
            return Change(
                delivery_id, claims, before, "sent", reason="", provider=provider, attempted=True
            )
        case Refused(provider, reason):
            return Change(
                delivery_id,
                claims,
                before,
                "failed",
                reason=reason,
                provider=provider,
                attempted=True,
            )
        case OutcomeUnknown(reason=reason):
            return Change(delivery_id, claims, before, "unknown", reason=reason, attempted=True)
        case TransientError(reason="too_late"):
            return Change(delivery_id, claims, before, "planned", due_at=now)
        case TransientError(reason=reason):
            due_at = min(
                retry_at(now, candidate.attempts + 1), candidate.delivery.request.expires_at
            )
            return Change(
                delivery_id,
                claims,
                before,
                "held",
                reason=reason,
                due_at=due_at,
                announced=_news(candidate, reason),
                attempted=True,
            )


def _news(candidate: Candidate, reason: str) -> str | None:
    """The reason, if it was not the last one that was told."""
    return None if candidate.announced == reason else reason
