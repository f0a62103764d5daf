"""Sentences for what became of a message."""

from __future__ import annotations

from common.contracts.deliveries import (
    DeliveryBounced,
    DeliveryClicked,
    DeliveryComplained,
    DeliveryDelivered,
    DeliveryFailed,
    DeliveryHeld,
    DeliveryOpened,
    DeliverySent,
    DeliverySkipped,
    DeliveryStatus,
    DeliveryUnknown,
)
from orchestrator.api.words import phrases
from orchestrator.api.words.journeys import named
from orchestrator.api.words.line import Line, Past
from orchestrator.api.words.reasons import Facts, reason


def sent(payload: DeliverySent, past: Past) -> Line:
    verb = "Sent" if payload.kind == "message" else "Done:"
    text = f"{verb} {_name(payload)}"
    if payload.provider:
        text += f" through {payload.provider}"
    ruling = past.rulings.get(payload.decision_id)
    if ruling is not None:
        late = payload.at - (ruling.due_at or ruling.made_at)
        event = "it was decided" if ruling.due_at is None else "it was due"
        text += f", {phrases.length(late)} after {event}"
    return Line(text, "good")


def skipped(payload: DeliverySkipped) -> Line:
    verb = "Did not send" if payload.kind == "message" else "Not done:"
    return Line(f"{verb} {_name(payload)}: {_why(payload)}", "no")


def held(payload: DeliveryHeld) -> Line:
    return Line(f"Holds {_name(payload)} back: {_why(payload)}", "wait")


def failed(payload: DeliveryFailed) -> Line:
    verb = "Could not send" if payload.kind == "message" else "Could not be done:"
    return Line(f"{verb} {_name(payload)}: {_why(payload)}", "bad")


def unknown(payload: DeliveryUnknown) -> Line:
    verb = (
        "went out, so it is not sent"
        if payload.kind == "message"
        else "was done, so it is not done"
    )
    doubt = f"Nobody can tell whether {_name(payload)} {verb} again"
    return Line(f"{doubt}: {_why(payload)}", "bad")


def delivered(payload: DeliveryDelivered) -> Line:
    return Line(_reported(payload, "arrived"), "good")


def opened(payload: DeliveryOpened) -> Line:
    return Line(_reported(payload, "was opened"), "good")


def clicked(payload: DeliveryClicked) -> Line:
    return Line(_reported(payload, "was clicked"), "good")


def bounced(payload: DeliveryBounced) -> Line:
    return Line(_reported(payload, "came back"), "bad")


def complained(payload: DeliveryComplained) -> Line:
    return Line(_reported(payload, "was reported as unwanted"), "bad")


def _reported(payload: DeliveryStatus, what: str) -> str:
    return phrases.sentence(f"{_name(payload)} {what}")


def _name(payload: DeliveryStatus) -> str:
    return named(payload.message, payload.channel, payload.kind)


def _why(payload: DeliveryStatus) -> str:
    return reason(payload.reason, Facts(channel=payload.channel, purpose=payload.purpose))
