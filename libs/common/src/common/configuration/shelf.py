"""Contents and releases as they come in, and which release is in force: pure bookkeeping of the feed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from common.configuration.hashing import hash_of
from common.configuration.values import Configuration, Content, Release
from common.contracts import decode_event
from common.contracts.configuration import ConfigurationPublished, ConfigurationReleased
from common.errors import PermanentError

Validator = Callable[[Release], None]
"""Raises PermanentError where this process cannot run the release."""
RELEASE_PREFIX = "release/"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A release (or a record, then without a number) that this process does not take."""

    number: int
    reason: str
    detail: str


@dataclass(slots=True)
class Shelf:
    """Everything read from the topic so far."""

    validators: Sequence[Validator] = ()
    releases: dict[str, Release] = field(default_factory=dict)
    """In force, by workspace."""
    refused: dict[str, Refusal] = field(default_factory=dict)
    """By workspace; by the record's key where that cannot be read."""
    _contents: dict[str, Content] = field(default_factory=dict)
    _candidates: dict[str, dict[int, ConfigurationReleased]] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    """The number in force, as this topic counts."""
    _tried: set[tuple[str, int]] = field(default_factory=set)
    _gone: set[str] = field(default_factory=set)

    def take(self, key: str, value: bytes | None) -> None:
        """Read one record; one that cannot be read is refused, the others count."""
        if value is None:
            self._remove(key)
            return
        try:
            self._read(key, value)
        except PermanentError as error:
            self.refused[key] = Refusal(0, error.reason, error.detail)
        else:
            self.refused.pop(key, None)

    def settle(self) -> Configuration:
        """Put in force, per workspace, the newest release that is whole and valid, and say what is in force."""
        for workspace in self._gone:
            self.releases.pop(workspace, None)
        self._gone.clear()
        for workspace, candidates in self._candidates.items():
            self._choose(workspace, candidates)
        # What is in force stays known even when its record was removed.
        in_force = {c.key: c for release in self.releases.values() for c in release.contents}
        return Configuration(dict(self.releases), {**self._contents, **in_force})

    def started_over(self) -> Shelf:
        """An empty shelf for a topic that began anew: what is in force stays until that topic says otherwise."""
        return Shelf(self.validators, dict(self.releases))

    def _remove(self, key: str) -> None:
        if key.startswith(RELEASE_PREFIX):
            workspace = key.removeprefix(RELEASE_PREFIX)
            self._candidates.pop(workspace, None)
            self._numbers.pop(workspace, None)
            self.refused.pop(workspace, None)
            self._tried = {tried for tried in self._tried if tried[0] != workspace}
            self._gone.add(workspace)
        else:
            self._contents.pop(key, None)

    def _read(self, key: str, value: bytes) -> None:
        event = decode_event(value)
        if event.type == ConfigurationPublished.TYPE:
            self._shelve(key, event.payload(ConfigurationPublished))
        elif event.type == ConfigurationReleased.TYPE:
            released = event.payload(ConfigurationReleased)
            self._candidates.setdefault(event.workspace, {})[released.number] = released
            self._gone.discard(event.workspace)
        else:
            raise PermanentError("unknown_type", event.type)

    def _shelve(self, key: str, published: ConfigurationPublished) -> None:
        content = Content(published.kind, published.name, published.hash, published.files)
        if content.key != key or hash_of(content.files) != content.hash:
            raise PermanentError("wrong_hash", f"{content.key} is not what its record's key says")
        self._contents[key] = content

    def _choose(self, workspace: str, candidates: dict[int, ConfigurationReleased]) -> None:
        floor = self._numbers.get(workspace, 0)
        for number in sorted((n for n in candidates if n > floor), reverse=True):
            release = self._whole(workspace, candidates[number])
            if release is not None and self._valid(release):
                self.releases[workspace] = release
                self._numbers[workspace] = number
                break
        kept = self._numbers.get(workspace, 0)
        self._candidates[workspace] = {n: c for n, c in candidates.items() if n >= kept}
        refusal = self.refused.get(workspace)
        if refusal is not None and refusal.number < kept:
            del self.refused[workspace]

    def _whole(self, workspace: str, released: ConfigurationReleased) -> Release | None:
        contents = [self._contents.get(key) for key in released.contents]
        found = tuple(content for content in contents if content is not None)
        if len(found) < len(contents):
            return None
        return Release.of(workspace, released, found)

    def _valid(self, release: Release) -> bool:
        tried = (release.workspace, release.number)
        if tried in self._tried:
            return False
        self._tried.add(tried)
        try:
            for validator in self.validators:
                validator(release)
        except PermanentError as error:
            known = self.refused.get(release.workspace)
            if known is None or known.number < release.number:
                refusal = Refusal(release.number, error.reason, error.detail)
                self.refused[release.workspace] = refusal
            return False
        return True


def differs(old: Configuration, new: Configuration) -> bool:
    """Whether anything differs that a process could notice."""
    return _signature(old) != _signature(new)


def _signature(configuration: Configuration) -> tuple[Mapping[str, object], frozenset[str]]:
    releases = {
        name: (release.number, release.live, tuple(content.key for content in release.contents))
        for name, release in configuration.releases.items()
    }
    return releases, frozenset(configuration.contents)
