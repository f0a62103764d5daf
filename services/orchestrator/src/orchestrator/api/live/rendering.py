"""Turns decisions, tallies and stories into HTML; templates are package data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from common.contracts.decisions import DecisionMade
from orchestrator.api.live.board import Shown, Tally, View
from orchestrator.api.sources.board import KINDS
from orchestrator.api.story.entries import Entry
from orchestrator.api.story.why import asked
from orchestrator.api.words import phrases, receptions

_KINDS = {
    "profile.activity": "activity",
    "profile.scores": "score",
    "journey.steps": "step",
    "decisions": "decision",
    "action.requests": "request",
    "delivery.status": "delivery",
}
_GAP = 10.0
"""Seconds without anything that the timeline remarks on."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An entry on the timeline with the silence before it."""

    entry: Entry
    kind: str
    gap: str | None
    gates: Sequence[Any]
    json: str


class Pages:
    """Renders; holds the compiled templates."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=PackageLoader("orchestrator.api"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals |= {
            "link": link,
            "address": address,
            "reception": receptions.reason,
            "kinds": KINDS,
            "spark": spark,
            "hue": hue,
            "plain": phrases.plain,
            "step_name": phrases.step,
            "consent": consent,
            "gates": lambda decision: list(asked(_builtins(decision))),
        }

    def page(self, name: str, **values: object) -> str:
        return self._templates.get_template(f"{name}.html").render(values)

    def decisions(self, shown: Iterable[Shown]) -> str:
        """Cards for the list, in the order given."""
        card = self._templates.get_template("_decision.html")
        return "\n".join(card.render(shown=one) for one in shown)

    def tallies(self, tallies: Mapping[str, Tally], view: View) -> str:
        return self.page("_tallies", tallies=tallies, view=view)


def link(workspace: str | None, outcome: str | None, path: str = "/") -> str:
    """The address of a view."""
    return address(path, workspace=workspace, outcome=outcome)


def address(path: str, **query: str | None) -> str:
    """A path with what of the query there is."""
    given = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def spark(minutes: Sequence[int]) -> str:
    """The path of one bar a minute in a box as wide as there are minutes and 16 high, the highest reaching its top."""
    top = max(*minutes, 1)
    bars = (
        (place, max(round(16 * count / top), 2)) for place, count in enumerate(minutes) if count
    )
    return "".join(f"M{place} 16v-{height}h.8v{height}z" for place, height in bars)


def hue(profile_id: str) -> int:
    """One of twelve colours, the same for the same profile, so that the eye finds it again."""
    return (
        int(profile_id[:2], 16) % 12 if profile_id[:2].isalnum() and _is_hex(profile_id[:2]) else 0
    )


def consent(name: str) -> str:
    """`email.marketing` as words."""
    channel, _, purpose = name.partition(".")
    return f"{phrases.plain(purpose)} by {phrases.channel(channel)}"


def timeline(entries: Sequence[Entry]) -> list[tuple[str, list[Moment]]]:
    """Entries by day, each with the silence before it."""
    moments = [
        _moment(entry, before) for before, entry in zip([None, *entries], entries, strict=False)
    ]
    return [
        (day, list(of_day))
        for day, of_day in groupby(moments, key=lambda moment: moment.entry.at.date().isoformat())
    ]


def _moment(entry: Entry, before: Entry | None) -> Moment:
    silence = None if before is None else entry.at - before.at
    is_decision = entry.readable and entry.topic == "decisions"
    return Moment(
        entry=entry,
        kind=_KINDS.get(entry.topic, "activity"),
        gap=phrases.length(silence) if silence and silence.total_seconds() >= _GAP else None,
        gates=list(asked(entry.data)) if is_decision else [],
        json=json.dumps(entry.data, indent=2, ensure_ascii=False),
    )


def _builtins(decision: DecisionMade) -> Mapping[str, Any]:
    plain: Mapping[str, Any] = msgspec.to_builtins(decision)
    return plain


def _is_hex(text: str) -> bool:
    return all(letter in "0123456789abcdef" for letter in text.lower())
