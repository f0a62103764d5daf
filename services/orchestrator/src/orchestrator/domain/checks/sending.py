"""Messages that would never go out, or must not go out like this."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Final

from common.documents import Finding, format_duration
from orchestrator.domain.arbitration import TRANSACTIONAL
from orchestrator.domain.checks.flaw import Cap, Flaw, Surroundings
from orchestrator.domain.checks.flow import successors
from orchestrator.domain.journey import Journey
from orchestrator.domain.program import Placed
from orchestrator.domain.steps import Call, Propose, Voucher, Wait, WaitFor
from orchestrator.domain.steps.times import EVERY_DAY

CONSENTED: Final = ("email", "sms", "ads")
"""The channels on which somebody can agree to something."""
MAX_PATHS: Final = 500
_DAY: Final = timedelta(days=1)
_FOREVER: Final = 36_500 * _DAY
_LIQUID: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_ADVERTISES: Final = re.compile(
    r"\b(rabatt\w*|gutschein\w*|sonderangebot\w*|angebote?|schnäppchen|prozent auf|jetzt sparen|discounts?|vouchers?|coupons?|special offers?|sale|save now|\d+ ?% (?:off|auf|rabatt))\b",
    re.IGNORECASE,
)


def expires_at_night(journey: Journey, around: Surroundings) -> Iterator[Flaw]:
    """An advertisement that has expired when the quiet hours are over."""
    for placed, step in _proposing(journey):
        if _purpose(journey, step) == TRANSACTIONAL:
            continue
        lives = step.proposal.expires_after
        if lives <= around.quiet:
            said = (
                f"it expires after {format_duration(lives)}, but the quiet hours last {format_duration(around.quiet)}: "
                "proposed at their beginning it is never sent"
            )
            yield Flaw("expires_at_night", "warning", placed.finding(said))


def nobody_can_agree(journey: Journey, _: Surroundings) -> Iterator[Flaw]:
    """A channel on which nobody can agree to what the message needs consent for."""
    for placed, step in _proposing(journey):
        purpose = _purpose(journey, step)
        for channel in step.proposal.channels:
            if purpose != TRANSACTIONAL and channel not in CONSENTED:
                said = f"nobody can agree to {purpose} by {channel}: only a transactional message goes there"
                yield Flaw("nobody_can_agree", "error", placed.finding(said))


def advertises(journey: Journey, _: Surroundings) -> Iterator[Flaw]:
    """A message without a marketing consent whose text advertises, which the law does not allow."""
    said = {
        (step.proposal.message, channel)
        for _, step in _proposing(journey)
        if _purpose(journey, step) == TRANSACTIONAL
        for channel in step.proposal.channels
    }
    for path, text in sorted(journey.templates.items()):
        message, channel = path.removeprefix("templates/").split(".")[:2]
        found = _ADVERTISES.search(_LIQUID.sub(lambda one: " " * len(one[0]), text))
        if (message, channel) not in said or found is None:
            continue
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - text.rfind("\n", 0, found.start())
        message = f"a transactional message must not advertise, and this says “{found[0]}”"
        yield Flaw("advertises", "warning", Finding(path, line, column, message))


def caps_are_met(journey: Journey, around: Surroundings) -> Iterator[Flaw]:
    """A proposal that comes, however long everybody waits, when the contact policy admits no more."""
    told: set[str] = set()
    for path in islice(_paths(journey), MAX_PATHS):
        for cap in around.caps:
            for placed in _beyond(path, cap, journey):
                if placed.id not in told:
                    told.add(placed.id)
                    which = "" if cap.channel == "*" else f" by {cap.channel}"
                    said = f"never sent: the contact policy admits {cap.at_most} contacts{which} in {format_duration(cap.per)}, and this is one more"
                    yield Flaw("caps_are_met", "warning", placed.finding(said))


def unused_templates(journey: Journey, _: Surroundings) -> Iterator[Flaw]:
    """A message that no step proposes."""
    said = {step.proposal.message for _, step in _proposing(journey)}
    for path in sorted(journey.templates):
        message = path.removeprefix("templates/").split(".")[0]
        if message not in said and not path.endswith(".txt.liquid"):
            finding = Finding(path, 1, 1, f"no step proposes `{message}`")
            yield Flaw("unused_template", "warning", finding)


Timed = tuple[timedelta, Placed, Propose]
"""The latest instant at which a proposal may come, counted from the beginning of the passage."""


def _paths(journey: Journey) -> Iterator[Sequence[Timed]]:
    """The proposals on each way through the journey; a step that was passed is not passed again."""
    open_: list[tuple[int, timedelta, tuple[Timed, ...], frozenset[int]]] = [
        (0, timedelta(), (), frozenset())
    ]
    while open_:
        place, at, said, passed = open_.pop()
        if place >= len(journey.steps) or place in passed:
            yield said
            continue
        placed = journey.steps[place]
        if isinstance(placed.step, Propose):
            said = (*said, (at, placed, placed.step))
        at += _longest(placed)
        following = successors(placed, journey)
        if not following:
            yield said
        open_ += [(one, at, said, passed | {place}) for one in following]


def _longest(placed: Placed) -> timedelta:
    step = placed.step
    if isinstance(step, WaitFor | Call | Voucher):
        return step.within
    if not isinstance(step, Wait):
        return timedelta()
    if step.until is None and not step.restart_on:
        return step.duration
    if step.until is not None and step.until.date is None:
        return 7 * _DAY if step.until.weekdays != EVERY_DAY else _DAY
    return _FOREVER  # until a date, or for as long as somebody goes on


def _beyond(path: Sequence[Timed], cap: Cap, journey: Journey) -> Iterator[Placed]:
    counted = [
        (at, placed)
        for at, placed, step in path
        if _purpose(journey, step) != TRANSACTIONAL
        and cap.channel in ("*", step.proposal.channels[0])
    ]
    if cap.at_most == 0:
        yield from (placed for _, placed in counted)
        return
    for (first, _), (last, placed) in zip(counted, counted[cap.at_most :], strict=False):
        if last - first < cap.per:
            yield placed


def _proposing(journey: Journey) -> Iterator[tuple[Placed, Propose]]:
    return ((one, one.step) for one in journey.steps if isinstance(one.step, Propose))


def _purpose(journey: Journey, step: Propose) -> str:
    return step.proposal.purpose or journey.purpose
