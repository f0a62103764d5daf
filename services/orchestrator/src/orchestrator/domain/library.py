"""The journeys in force in one workspace, and the older ones on which enrollments still run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from common.configuration.values import Content
from common.errors import PermanentError
from orchestrator.domain.journey import Journey
from orchestrator.domain.parameters import Override
from orchestrator.domain.playbook import parse_playbook

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
    ) -> None:
        in_force = tuple(active)
        self._contents = {**contents, **{content.key: content for content in in_force}}
        self._in_force = frozenset(content.key for content in in_force)
        self._overrides = overrides
        self._compiled: dict[tuple[str, str], Journey | PermanentError] = {}
        versions = sorted((content.name, content.hash) for content in in_force)
        compiled = (self._compile(name, version) for name, version in versions)
        self.active = tuple(one for one in compiled if isinstance(one, Journey))
        """What new passages begin on, sorted by name."""
        exits = (exit_.event for journey in self.active for exit_ in journey.exits)
        self.ending = frozenset(event for event in exits if event is not None)
        """The activities that end a passage by their name."""

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
            return parse_playbook(content.name, content.hash, content.files, overrides)
        except PermanentError as error:
            if content.key in self._in_force:
                return error
        # An older version may not know what the workspace sets today; its own defaults then hold.
        try:
            return parse_playbook(content.name, content.hash, content.files)
        except PermanentError as error:
            return error


EMPTY: Final = Library((), {}, {})
