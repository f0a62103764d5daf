"""The golden record: one value per trait, chosen by rule from what each source said last, and what lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import msgspec

Trait = Literal[
    "email", "phone", "first_name", "last_name", "locale", "time_zone", "country", "birthday"
]
RuleName = Literal["newest", "priority", "never_emptied", "most_restrictive"]


class Held(msgspec.Struct, frozen=True, omit_defaults=True):
    """A trait's value, when it was said and by which source; None: it was taken back."""

    value: str | None
    at: datetime
    source: str = ""
    """Nothing where it was not noted yet."""
    hint: bool = False
    """What a device suggests; it counts only while nobody has said anything."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """Which of the values that sources said of a trait stands."""

    name: RuleName = "newest"
    sources: tuple[str, ...] = ()
    """priority: the first counts most; those that are not named count least."""

    def weight(self, held: Held) -> tuple[object, ...]:
        """The heaviest stands. An order of all that can be said, so that the order of arrival does not matter."""
        said = (not held.hint, held.at, held.value or "", held.value is not None, held.source)
        return (*self._first(held), *said)

    def _first(self, held: Held) -> tuple[object, ...]:
        if self.name == "priority":
            known = held.source in self.sources
            rank = self.sources.index(held.source) if known else len(self.sources)
            return not held.hint, -rank
        if self.name == "never_emptied":
            return (held.value is not None,)
        return (held.value or "",) if self.name == "most_restrictive" else ()


NEWEST: Final = FieldRule()
FieldRules = Mapping[str, FieldRule]
"""Per trait; of those that are not named the newest value stands."""


class Golden(msgspec.Struct, frozen=True, omit_defaults=True):
    """What stands of each trait, and what else each source says of it."""

    stands: dict[str, Held] = {}
    lost: dict[str, tuple[Held, ...]] = {}
    """Per trait, one value of each other source."""

    def after(self, said: Mapping[str, Held], rules: FieldRules) -> Golden:
        """The record after this was said; the same one where it changes nothing."""
        golden = self
        for trait, held in said.items():
            golden = golden._with(trait, [held], rules.get(trait, NEWEST))
        return golden

    def united(self, other: Golden, rules: FieldRules) -> Golden:
        """The record of two profiles that are one: all that was said of either."""
        golden = self
        for trait in other.stands:
            golden = golden._with(trait, other._said(trait), rules.get(trait, NEWEST))
        return golden

    def _said(self, trait: str) -> list[Held]:
        stands = self.stands.get(trait)
        return [] if stands is None else [stands, *self.lost.get(trait, ())]

    def _with(self, trait: str, said: Iterable[Held], rule: FieldRule) -> Golden:
        before = self._said(trait)
        by_source: dict[str, Held] = {}
        for held in (*before, *said):
            known = by_source.get(held.source)
            if known is None or rule.weight(known) < rule.weight(held):
                by_source[held.source] = held
        after = sorted(by_source.values(), key=rule.weight, reverse=True)
        if after == before:
            return self
        rest = {name: held for name, held in self.lost.items() if name != trait}
        lost = {**rest, trait: tuple(after[1:])} if after[1:] else rest
        return Golden({**self.stands, trait: after[0]}, lost)
