"""Who hears of an activity: by its name, and where a trigger wants a property to be one of some texts, by that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from common.contracts.profiles import ActivityRecorded
from orchestrator.domain.triggers import Happening, Trigger

_PROPERTY: Final = ("event", "properties")
_DEPTH: Final = 3
"""Of the path of a property."""


class Ears:
    """Numbered triggers by what they wait for; with a thousand for one activity, few are about its category."""

    def __init__(self, triggers: Iterable[tuple[int, Trigger]]) -> None:
        self._any: defaultdict[str, set[int]] = defaultdict(set)
        self._some: defaultdict[str, defaultdict[str, defaultdict[str, set[int]]]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(set))
        )
        for place, trigger in triggers:
            for name in trigger.events or ():
                self._add(place, name, _wanted(trigger))

    def _add(self, place: int, name: str, wanted: tuple[str, frozenset[str]] | None) -> None:
        if wanted is None:
            self._any[name].add(place)
            return
        property_, texts = wanted
        for text in texts:
            self._some[name][property_][text].add(place)

    def hearing(self, activity: ActivityRecorded) -> set[int]:
        """The numbers of those that it may concern."""
        found = set(self._any.get(activity.name, ()))
        for property_, places in self._some.get(activity.name, _NOTHING).items():
            value = activity.properties.get(property_)
            if isinstance(value, str):
                found |= places.get(value, set())
        return found


def _wanted(trigger: Trigger) -> tuple[str, frozenset[str]] | None:
    """A property of the activity, and the texts of which it must be one."""
    if not isinstance(trigger, Happening) or trigger.when is None:
        return None
    wanted = sorted(
        (path[-1], texts)
        for path, texts in trigger.when.reads.texts.items()
        if path[:-1] == _PROPERTY and len(path) == _DEPTH
    )
    return wanted[0] if wanted else None


_NOTHING: Final[dict[str, dict[str, set[int]]]] = {}
