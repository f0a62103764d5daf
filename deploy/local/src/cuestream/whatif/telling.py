"""An answer in sentences, for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from cuestream.whatif.answering import Answer
from cuestream.whatif.comparing import Change, Comparison, Sample
from cuestream.whatif.ruling import Fate
from orchestrator.api.words.reasons import Facts, reason

_SHORT: Final = 8
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60))


def sentences(answer: Answer) -> Iterator[str]:
    """One a line: what was looked at, what it comes to, then what changes, each with some of those whom it concerns."""
    versions = ", ".join(version[:_SHORT] for version in answer.versions) or "no version"
    arrow = "" if answer.candidate is None else f" → {answer.candidate[:_SHORT]}"
    yield f"{answer.playbook} {versions}{arrow}, {answer.workspace}, {_span(answer)}"
    yield (
        f"{answer.records:,} records and {answer.timers:,} timers folded in {answer.seconds:,.1f} s;"
        f" {answer.decisions:,} decisions were made then."
    )
    if answer.comparison is not None:
        yield from _compared(answer.comparison)
    elif answer.identical:
        yield f"The same decisions were made again, byte for byte ({answer.digest_recorded})."
    else:
        digests = f"{answer.digest_recorded} is recorded, {answer.digest_replayed} came of it"
        yield f"Other decisions were made: {digests}."


def _compared(found: Comparison) -> Iterator[str]:
    yield (
        f"{_signed(found.added, found.removed)}: {found.sends_before:,} were sent,"
        f" {found.sends_after:,} would have been. {found.same:,} decisions are the same{_moved(found)}."
    )
    for change in found.changes:
        yield f"  {told(change)}"
        yield f"      {'; '.join(map(_sample, change.samples[:3]))}"


def told(change: Change) -> str:
    """One change, such as `−9 reminder by email, now rejected: they have not agreed to marketing by mail`."""
    before, after, count = change.before, change.after, f"{change.count:,}"
    if change.adds:
        then = "where nothing was decided" if before is None else f"before {_ended(before)}"
        return f"+{count} {_message(after)}, {then}"
    if change.removes:
        return f"−{count} {_message(before)}, {_now(after, waits=change.waits)}"
    if before is not None and after is not None and before.sends:
        if change.loses or change.gains:
            return f"{count} {_message(before)} {_values(change)}"
        return f"{count} {_message(after)} instead of {_message(before)}"
    if before is None:
        return f"{count} decided where nothing was: {_of(after)}"
    return f"{count} {_of(before)}, {_now(after, waits=change.waits)}"


def _signed(added: int, removed: int) -> str:
    return f"+{added:,} sends, −{removed:,}" if added or removed else "Nobody gets more or less"


def _moved(found: Comparison) -> str:
    moved = found.later + found.earlier
    if not moved or found.shift_seconds is None:
        return ""
    direction = "later" if found.shift_seconds > 0 else "earlier"
    by = _duration(timedelta(seconds=abs(found.shift_seconds)))
    return f", {moved:,} of them at another time (median {by} {direction})"


def _message(fate: Fate | None) -> str:
    return "" if fate is None else f"{fate.message} by {fate.channel}"


def _now(fate: Fate | None, *, waits: bool) -> str:
    if fate is not None:
        return f"now {_ended(fate)}"
    return "now still under way at the end" if waits else "now nothing is decided"


def _of(fate: Fate | None) -> str:
    if fate is None:
        return ""
    about = f"{_message(fate)} " if fate.message else ""
    return f"{about}{_ended(fate)}"


def _ended(fate: Fate) -> str:
    why = reason(fate.reason, Facts(channel=fate.channel))
    return f"{fate.outcome}: {why}" if why else fate.outcome


def _values(change: Change) -> str:
    lost = f"lose {', '.join(change.loses)}" if change.loses else ""
    gained = f"gain {', '.join(change.gains)}" if change.gains else ""
    return " and ".join(part for part in (lost, gained) if part)


def _sample(sample: Sample) -> str:
    instants = [_instant(at) for at in (sample.before_at, sample.after_at)]
    when = instants[0] if instants[0] == instants[1] else " → ".join(instants)
    return f"{sample.profile_id} {when}"


def _span(answer: Answer) -> str:
    return f"{_instant(answer.since)} to {_instant(answer.until)}"


def _instant(at: datetime | None) -> str:
    return "–" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def _duration(duration: timedelta) -> str:
    seconds = duration.total_seconds()
    for unit, size in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
