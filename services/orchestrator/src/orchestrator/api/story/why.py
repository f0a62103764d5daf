"""Why a profile got a message, or did not: the last ruling and the way that led to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from common.contracts.decisions import DecisionMade, EnrollmentEntered
from orchestrator.api.story.entries import Because, Entry, Why
from orchestrator.api.story.standing import standing_of
from orchestrator.api.words import phrases
from orchestrator.api.words.journeys import named
from orchestrator.api.words.reasons import Facts, gate_words


def why(profile_id: UUID, entries: Sequence[Entry], *, playbook: str | None, complete: bool) -> Why:
    """Explain the last decision among the entries, or why there is none."""
    decision = next(
        (
            entry
            for entry in reversed(entries)
            if entry.type == DecisionMade.TYPE and _of(entry, playbook)
        ),
        None,
    )
    latest = next(
        (entry for entry in reversed(entries) if entry.enrollment_id and _of(entry, playbook)), None
    )
    if latest is None:
        return _untouched(profile_id, entries, playbook, complete=complete)
    if decision is None or decision.enrollment_id != latest.enrollment_id:
        # A passage that is under way comes after the last ruling: what it waits for is the answer.
        decision = None
    passage = [entry for entry in entries if entry.enrollment_id == latest.enrollment_id]
    verdict = latest if decision is None else _fate(passage, decision)
    return Why(
        profile_id=profile_id,
        playbook=latest.playbook,
        verdict=verdict.text,
        tone=verdict.tone,
        because=list(_because(entries, passage, decision)),
        decision=decision,
        entries=passage,
        complete=complete,
    )


def _fate(passage: Sequence[Entry], decision: Entry) -> Entry:
    """What became of the decision's message, where it came to one; else the decision itself."""
    statuses = (
        entry
        for entry in reversed(passage)
        if entry.topic == "delivery.status" and entry.decision_id == decision.decision_id
    )
    return next(statuses, decision)


def _because(
    entries: Sequence[Entry], passage: Sequence[Entry], decision: Entry | None
) -> Iterator[Because]:
    entered = next((entry for entry in passage if entry.type == EnrollmentEntered.TYPE), None)
    if entered is not None:
        began = _trigger(entries, entered.data)
        cause = f", because: {began.text}" if began is not None else ""
        yield Because(at=entered.at, text=entered.text + cause)
    for entry in passage:
        if entry is entered:
            continue
        yield Because(at=entry.at, text=entry.text)
        if entry is decision:
            for question in asked(entry.data):
                yield Because(at=None, text=question.text, ok=question.ok)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question that was asked of a candidate, with its answer in words."""

    ok: bool
    text: str


def asked(decision: Mapping[str, Any]) -> Iterator[Asked]:
    """Every question of a decision (as plain data), candidate by candidate."""
    candidates = decision.get("candidates", ())
    for candidate in candidates:
        facts = Facts(channel=candidate["channel"])
        whose = (
            f"{named(candidate['message'], candidate['channel'])}: " if len(candidates) > 1 else ""
        )
        for gate in candidate["gates"]:
            yield Asked(
                gate["ok"],
                whose + gate_words(gate["gate"], gate.get("reason", ""), facts, ok=gate["ok"]),
            )


def _trigger(entries: Sequence[Entry], entered: Mapping[str, Any]) -> Entry | None:
    wanted = entered["trigger_id"]
    return next(
        (
            e
            for e in entries
            if str(e.id) == wanted or (e.readable and e.data.get("event_id") == wanted)
        ),
        None,
    )


def _untouched(
    profile_id: UUID, entries: Sequence[Entry], playbook: str | None, *, complete: bool
) -> Why:
    name = "No playbook" if playbook is None else f"“{phrases.plain(playbook)}”"
    if not entries:
        verdict, because = "Nothing is known of this profile in that time", []
    else:
        verdict = f"{name} has {'not ' if playbook else ''}taken up this profile"
        seen = standing_of(entries).activities
        did = phrases.listed([f"{count} × {what}" for what, count in list(seen.items())[:5]])
        text = f"What they did: {did}" if did else "They did nothing that was recorded"
        because = [Because(at=None, text=text)]
    return Why(
        profile_id=profile_id,
        playbook=playbook,
        verdict=verdict,
        tone="plain",
        because=because,
        decision=None,
        entries=[],
        complete=complete,
    )


def _of(entry: Entry, playbook: str | None) -> bool:
    return playbook is None or entry.playbook == playbook
