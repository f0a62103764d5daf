"""Sentences for what journeys do and what is decided."""

from __future__ import annotations

from datetime import datetime

from common.contracts.actions import ActionRequested, Kind
from common.contracts.decisions import (
    Candidate,
    DecisionMade,
    EnrollmentAdvanced,
    EnrollmentEmitted,
    EnrollmentEntered,
    EnrollmentExited,
    EnrollmentMigrated,
)
from orchestrator.api.words import phrases
from orchestrator.api.words.line import Line, Passage, Past, Ruling
from orchestrator.api.words.reasons import Facts, reason


def entered(payload: EnrollmentEntered, past: Past) -> Line:
    past.passages[payload.enrollment_id] = Passage(payload.playbook)
    return Line(f"Entered the playbook “{phrases.plain(payload.playbook)}”")


def advanced(payload: EnrollmentAdvanced, at: datetime, past: Past) -> Line:
    passage = past.passages.setdefault(payload.enrollment_id, Passage(payload.playbook))
    passage.due_at = payload.due_at
    name = f"“{phrases.plain(payload.playbook)}”"
    why = reason(payload.reason, Facts())
    if payload.due_at is not None:
        text = f"{name} waits {phrases.length(payload.due_at - at)}"
        return Line(f"{text}, {why}" if why else text, "wait")
    text = f"{name} reached step {step(payload.step)}"
    return Line(f"{text}: {why}" if why else text)


def migrated(payload: EnrollmentMigrated, at: datetime, past: Past) -> Line:
    passage = past.passages.setdefault(payload.enrollment_id, Passage(payload.playbook))
    passage.due_at = payload.due_at
    text = (
        f"A publication moved “{phrases.plain(payload.playbook)}” from step"
        f" {step(payload.from_step)} of {version(payload.from_version)}"
        f" to step {step(payload.step)} of {version(payload.version)}"
    )
    if payload.due_at is None or payload.due_at <= at:
        return Line(text)
    return Line(f"{text}, where it waits {phrases.length(payload.due_at - at)}", "wait")


def exited(payload: EnrollmentExited) -> Line:
    name = f"“{phrases.plain(payload.playbook)}”"
    if payload.reason == "completed":
        return Line(f"Completed {name}")
    return Line(f"Left {name}: {reason(payload.reason, Facts())}")


def emitted(payload: EnrollmentEmitted) -> Line:
    name = f"“{phrases.plain(payload.playbook)}”"
    if payload.heard:
        return Line(f"{name} told the other playbooks “{payload.name}”")
    return Line(f"{name} told “{payload.name}”, but playbooks had answered each other too often")


def decision(payload: DecisionMade, at: datetime, past: Past) -> Line:
    past.rulings[payload.decision_id] = Ruling(payload.due_at, at)
    due_at = payload.due_at or past.due_at(payload.enrollment_id)
    return rule(payload, at, due_at)


def rule(payload: DecisionMade, at: datetime, due_at: datetime | None) -> Line:
    """A decision in words, also where nothing else of the story is known."""
    candidate = payload.candidates[0] if payload.candidates else None
    facts = Facts(channel=candidate.channel if candidate else None, due_at=due_at, at=at)
    why = reason(payload.reason, facts)
    what = phrases.message(facts.channel)
    match payload.outcome:
        case "chosen":
            return Line(f"Decided to send {_named(candidate)}", "good")
        case "deferred":
            again = f"; to be decided again in {phrases.length(due_at - at)}" if due_at else ""
            return Line(f"No {what} yet: {why}{again}", "wait")
        case "cancelled":
            return Line(f"No {what}: {why}{_before_due(at, due_at)}", "no")
        case "rejected" | "expired":
            return Line(f"No {what}: {why}", "no")


def requested(payload: ActionRequested, at: datetime) -> Line:
    what = named(payload.message, payload.channel, payload.kind)
    verb = "send" if payload.kind == "message" else "see to"
    latest = phrases.length(payload.expires_at - at)
    return Line(f"Asked the dispatcher to {verb} {what}, at the latest within {latest}")


def named(message: str, channel: str, kind: Kind = "message") -> str:
    name = f"“{phrases.plain(message)}”"
    match kind:
        case "message":
            return f"the {phrases.message(channel)} {name}"
        case "call":
            return f"the hand-over to {name}"
        case "voucher":
            return f"a voucher of {name}"
        case "audience":
            return f"the change of the audience {name}"


def step(name: str) -> str:
    """`0:wait` as words: `1 (wait)`."""
    place, _, kind = name.partition(":")
    return f"{phrases.step(place)} ({phrases.plain(kind)})" if kind else phrases.step(place)


def version(hash_: str) -> str:
    """A version by as much of its hash as people compare."""
    return hash_[:8]


def _named(candidate: Candidate | None) -> str:
    return "a message" if candidate is None else named(candidate.message, candidate.channel)


def _before_due(at: datetime, due_at: datetime | None) -> str:
    if due_at is None or at >= due_at:
        return ""
    return f", {phrases.length(due_at - at)} before it was due"
