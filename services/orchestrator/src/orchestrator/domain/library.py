"""The journeys in force in one workspace, and the older ones on which enrollments still run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from common.configuration.values import Content
from common.contracts.configuration import Overdue, Resumption, Transition
from common.errors import PermanentError
from orchestrator.domain.journey import Journey
from orchestrator.domain.occasion import Occasion
from orchestrator.domain.parameters import Override
from orchestrator.domain.playbook import HOME, parse_playbook

KIND: Final = "playbook"

Overrides = Mapping[str, Mapping[str, Override]]
"""Playbook → parameter → the workspace's value."""


class Library:
    """Compiles each version once; a version that does not compile fails only who asks for it."""

    def __init__(
        self,
        active: Iterable[Content],
        contents: Mapping[str, Content],
        overrides: Overrides,
        zone: ZoneInfo = HOME,
        *,
        transitions: Iterable[Transition] = (),
        paused: Iterable[str] = (),
        resumed: Iterable[Resumption] = (),
    ) -> None:
        self.transitions = {one.playbook: one for one in transitions}
        """What becomes of passages on other versions than the one in force, by playbook; without one they finish there."""
        self.paused = frozenset(paused)
        self._resumed = {one.playbook: one.overdue for one in resumed}
        self._zone = zone
        in_force = tuple(active)
        self._contents = {**contents, **{content.key: content for content in in_force}}
        self._in_force = frozenset(content.key for content in in_force)
        self._overrides = overrides
        self._compiled: dict[tuple[str, str], Journey | PermanentError] = {}
        versions = sorted((content.name, content.hash) for content in in_force)
        compiled = (self._compile(name, version) for name, version in versions)
        self.active = tuple(one for one in compiled if isinstance(one, Journey))
        """What new passages begin on, sorted by name."""
        self._listening = _by_event(self.active)
        self.schedules = {
            trigger.timer: (trigger, journey)
            for journey in self.active
            for trigger in journey.scheduled
        }
        """The triggers that have a timer for each customer, by its name."""
        exits = (exit_.event for journey in self.active for exit_ in journey.exits)
        self.ending = frozenset(event for event in exits if event is not None)
        """The activities that end a passage by their name."""

    def listening(self, occasion: Occasion) -> tuple[Journey, ...]:
        """The journeys that the occasion may begin, sorted by name: with a thousand, most never hear of it."""
        if occasion.timer is not None:
            found = self.schedules.get(occasion.timer)
            return self._listening[None] if found is None else (found[1],)
        name = None if occasion.activity is None else occasion.activity.name
        return self._listening.get(name, self._listening[None])

    def overdue(self, playbook: str) -> Overdue:
        """How what a pause held goes on."""
        return self._resumed.get(playbook, Overdue())

    def version(self, playbook: str, version: str) -> Journey:
        """One version of a playbook, in force or older.

        Raises:
            PermanentError: it is not there any more, or it does not compile.
        """
        found = self._compiled.get((playbook, version)) or self._compile(playbook, version)
        if isinstance(found, PermanentError):
            raise found
        return found

    def _compile(self, playbook: str, version: str) -> Journey | PermanentError:
        content = self._contents.get(f"{KIND}/{playbook}@{version}")
        compiled: Journey | PermanentError
        if content is None:
            compiled = PermanentError("unknown_version", f"{playbook}@{version}")
        else:
            compiled = self._parsed(content)
        self._compiled[playbook, version] = compiled
        return compiled

    def _parsed(self, content: Content) -> Journey | PermanentError:
        overrides = self._overrides.get(content.name, {})
        try:
            return parse_playbook(
                content.name, content.hash, content.files, overrides, zone=self._zone
            )
        except PermanentError as error:
            if content.key in self._in_force:
                return error
        # An older version may not know what the workspace sets today; its own defaults then hold.
        try:
            return parse_playbook(content.name, content.hash, content.files, zone=self._zone)
        except PermanentError as error:
            return error


def _by_event(active: Sequence[Journey]) -> Mapping[str | None, tuple[Journey, ...]]:
    """Who hears of each activity; None: who looks at whatever happens."""
    names: set[str | None] = {None}
    for journey in active:
        names.update(*(trigger.events or () for trigger in journey.triggers))
    return {name: tuple(one for one in active if _hears(one, name)) for name in names}


def _hears(journey: Journey, name: str | None) -> bool:
    return any(trigger.events is None or name in trigger.events for trigger in journey.triggers)


EMPTY: Final = Library((), {}, {})
