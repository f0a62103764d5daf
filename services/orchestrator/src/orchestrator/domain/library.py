"""The journeys in force in one workspace, and the older ones on which enrollments still run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from common.configuration.values import Content
from common.contracts.configuration import Overdue, Resumption, Transition
from common.errors import PermanentError
from orchestrator.domain.journey import Journey
from orchestrator.domain.listening import Ears
from orchestrator.domain.occasion import Occasion
from orchestrator.domain.parameters import Override
from orchestrator.domain.playbook import HOME, parse_playbook
from orchestrator.domain.steps import CHANNELS
from orchestrator.domain.triggers import Shelved
from orchestrator.domain.watching import Watch

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
        adapters: Collection[str] = CHANNELS,
        *,
        transitions: Iterable[Transition] = (),
        paused: Iterable[str] = (),
        resumed: Iterable[Resumption] = (),
        segments: Mapping[str, str] | None = None,
    ) -> None:
        self.transitions = {one.playbook: one for one in transitions}
        """What becomes of passages on other versions than the one in force, by playbook; without one they finish there."""
        self.paused = frozenset(paused)
        self._resumed = {one.playbook: one.overdue for one in resumed}
        self._adapters = adapters
        self._segments = segments
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
        self._shelved = any(isinstance(t, Shelved) for one in self.active for t in one.triggers)
        self._ears = Ears(
            (place, one) for place, journey in enumerate(self.active) for one in journey.triggers
        )
        self._becoming = Watch(
            (place, trigger.reads)
            for place, journey in enumerate(self.active)
            for trigger in journey.triggers
            if trigger.events is None
        )
        owners = {
            trigger.timer: (trigger, place)
            for place, journey in enumerate(self.active)
            for trigger in journey.scheduled
        }
        self.schedules = {name: trigger for name, (trigger, _) in owners.items()}
        """The triggers that have a timer for each customer, by its name."""
        self._owners = {name: place for name, (_, place) in owners.items()}
        self._waking = Watch((name, one.reads) for name, one in self.schedules.items())
        self._hastening = Watch((name, one.hastened_by) for name, one in self.schedules.items())
        exits = (one.event for journey in self.active for one in journey.exits if one.when is None)
        self.ending = frozenset(event for event in exits if event is not None)
        """The activities that end a passage by their name alone."""

    @property
    def looks_at_shelves(self) -> bool:
        """Whether a playbook in force begins with what happens to a product."""
        return self._shelved

    def listening(self, occasion: Occasion) -> Iterator[Journey]:
        """The journeys that the occasion may begin, sorted by name: with a thousand, most never hear of it."""
        if occasion.enrolls is not None:
            return (one for one in self.active if one.name == occasion.enrolls)
        places = self._becoming.concerned(occasion.changed)
        if occasion.activity is not None:
            places |= self._ears.hearing(occasion.activity)
        if occasion.timer in self._owners:
            places.add(self._owners[occasion.timer])
        return (self.active[place] for place in sorted(places))

    def moving(self, armed: Mapping[str, datetime | None], occasion: Occasion) -> set[str]:
        """The timers of triggers to look at: of those that are not set, whose instant may be another now; of the others, be earlier."""
        found = self._hastening.concerned(occasion.changed)
        waking = self._waking.concerned(occasion.changed)
        found.update(name for name in waking if armed.get(name) is None)
        return found

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
            return self._read(content, overrides)
        except PermanentError as error:
            if content.key in self._in_force:
                return error
        # An older version may not know what the workspace sets today; its own defaults then hold.
        try:
            return self._read(content, {})
        except PermanentError as error:
            return error

    def _read(self, content: Content, overrides: Mapping[str, Override]) -> Journey:
        name, version, files = content.name, content.hash, content.files
        return parse_playbook(
            name,
            version,
            files,
            overrides,
            zone=self._zone,
            adapters=self._adapters,
            # Nobody begins on an older version, and its segment may be gone.
            segments=self._segments if content.key in self._in_force else None,
        )


EMPTY: Final = Library((), {}, {})
