"""What stands in the boxes: each step in a few words."""

from __future__ import annotations

from datetime import timedelta

from common.documents import format_duration
from orchestrator.domain.journey import Journey
from orchestrator.domain.program import Placed
from orchestrator.domain.steps import (
    Audience,
    Branch,
    Call,
    Emit,
    Exit,
    GoTo,
    Propose,
    Set,
    Split,
    Voucher,
    Wait,
    WaitFor,
)
from orchestrator.domain.steps.times import EVERY_DAY, WEEKDAYS, Instant
from orchestrator.domain.triggers import (
    Becoming,
    Called,
    Dated,
    Happening,
    Inactive,
    Shelved,
    Trigger,
)


def begins(journey: Journey) -> list[str]:
    """What begins a passage, a line each."""
    return [_trigger(one) for one in journey.triggers]


def says(placed: Placed) -> tuple[str, str]:
    """A step's title, and what there is to say of it."""
    step = placed.step
    match step:
        case Wait() | WaitFor() | Exit() | GoTo():
            return _going(step)
        case Propose() | Set() | Emit():
            return _doing(step)
        case Call() | Voucher() | Audience():
            return _asking(step)
        case Branch():
            return "which way?", ""
        case Split():
            return "by chance", ""
        case _:
            return step.KIND, ""


def _going(step: Wait | WaitFor | Exit | GoTo) -> tuple[str, str]:
    match step:
        case Wait():
            return _wait(step)
        case WaitFor(events=events, when=when, within=within):
            what = " or ".join(sorted(events)) if events or when is None else when.text
            return "wait for", f"{what}, {format_duration(within)} at most"
        case Exit(reason=reason):
            return "end", reason
        case GoTo(to=to, at_most=at_most):
            return f"back to {to}", f"{at_most} times at most"


def _doing(step: Propose | Set | Emit) -> tuple[str, str]:
    match step:
        case Propose(proposal=proposal):
            how = " → ".join(proposal.channels)
            return proposal.message, f"{how}, for {format_duration(proposal.expires_after)}"
        case Set(name=name, expression=expression):
            return f"{name} =", expression.text
        case Emit(event=event, properties=properties):
            return f"tell: {event}", ", ".join(properties)


def _asking(step: Call | Voucher | Audience) -> tuple[str, str]:
    match step:
        case Call(to=to, within=within):
            return f"hand over to {to}", f"{format_duration(within)} at most"
        case Voucher(pool=pool, within=within):
            return f"a voucher of {pool}", f"{format_duration(within)} at most"
        case Audience(name=name, operation=operation):
            return f"{operation} audience {name}".replace("_", " "), ""


def ways(placed: Placed) -> list[str]:
    """What stands at each way out of a step."""
    match placed.step:
        case Branch(conditions=conditions):
            return [*(one.text for one in conditions), "otherwise"][: len(placed.ways)]
        case Split(weights=weights):
            whole = sum(weights)
            shares = [f"{round(100 * weight / whole)} %" for weight in weights]
            return [f"{way}, {share}" for way, share in zip(placed.ways, shares, strict=True)]
        case _:
            return list(placed.ways)


def _wait(step: Wait) -> tuple[str, str]:
    if step.until is not None:
        return "wait until", _instant(step.until)
    again = f"anew with {', '.join(sorted(step.restart_on))}" if step.restart_on else ""
    return f"wait {format_duration(step.duration)}", again


def _instant(until: Instant) -> str:
    parts = []
    if until.date is not None:
        parts.append(_moved(until.date.text, until.offset))
    if until.time is not None:
        parts.append(f"{until.time:%H:%M}")
    if until.weekdays != EVERY_DAY:
        parts.append("on " + ", ".join(WEEKDAYS[day] for day in sorted(until.weekdays)))
    return " ".join(parts)


def _moved(text: str, offset: timedelta) -> str:
    if not offset:
        return text
    how = "before" if offset < timedelta() else "after"
    return f"{format_duration(abs(offset))} {how} {text}"


def _trigger(trigger: Trigger) -> str:
    match trigger:
        case Happening(events=events, when=when):
            named = " or ".join(sorted(events))
            return named if when is None else f"{named}, if {when.text}"
        case Becoming(condition=condition):
            return f"{condition.text} comes true"
        case Dated(day=day, offset=offset, yearly=yearly):
            return _moved(day.text, offset) + (", every year" if yearly else "")
        case Inactive(most=most):
            return f"no sign of life for {format_duration(most)} at most"
        case Shelved(change=change, least=least):
            how = f", by {least:g} % at least" if least else ""
            return f"a product they looked at: {change.replace('_', ' ')}{how}"
        case Called(name=name):
            return f"a call of the api: {name}"
        case other:
            return type(other).__name__
