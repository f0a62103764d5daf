"""Who may send: write keys by their hash, and the origins from which browsers may use theirs."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from common.configuration import Configuration, Release, workspace_of
from common.configuration.workspace import Quota, Source
from ingest.api.answers import RefusedError
from ingest.domain.tracking import Guard, guard_of

ANY_ORIGIN = "*"


@dataclass(frozen=True, slots=True)
class Sender:
    """A source whose key was shown."""

    workspace: str
    name: str
    source: Source
    guard: Guard | None = None
    """Of the workspace's tracking plan."""
    quota: Quota | None = None
    """Of the whole workspace."""

    def accepts(self, origin: str | None) -> bool:
        """A browser key counts only on pages of the listed origins; everybody can read it in the page."""
        if self.source.kind != "browser" or ANY_ORIGIN in self.source.origins:
            return True
        return origin is not None and origin in self.source.origins


@dataclass(frozen=True, slots=True)
class Senders:
    """All sources of one configuration."""

    by_hash: Mapping[str, Sender] = field(default_factory=dict)
    origins: frozenset[str] = frozenset()
    largest_body: int = 0
    hooks: Mapping[tuple[str, ...], Sender] = field(default_factory=dict)
    """Vendors' sources: by workspace and name, and by name alone where only one workspace has it."""

    def knows_origin(self, origin: str) -> bool:
        """Whether any browser key may be used there; a preflight request does not say which key will follow."""
        return origin in self.origins or ANY_ORIGIN in self.origins

    def find(self, key: str) -> Sender:
        """The key's source. Looked up by the key's hash, so how long it takes says nothing about the keys there are.

        Raises:
            RefusedError: 401 `unknown_key`.
        """
        sender = self.by_hash.get(hashlib.sha256(key.encode()).hexdigest())
        if sender is None:
            raise RefusedError(401, "unknown_key", "no source has this write key")
        return sender


def senders_of(configuration: Configuration, *, local: bool) -> Senders:
    """Index a configuration; `local` admits the keys that everybody knows from the documentation."""
    by_hash = {
        key_hash: Sender(workspace.name, name, source, guard, workspace.quota)
        for release in configuration.releases.values()
        for workspace, guard in ((workspace_of(release), guard_of(release)),)
        for name, source in workspace.sources.items()
        if local or not source.local_only
        for key_hash in source.key_sha256
    }
    origins = {
        origin
        for sender in by_hash.values()
        if sender.source.kind == "browser"
        for origin in sender.source.origins
    }
    largest = max((s.source.limits.max_body for s in by_hash.values()), default=0)
    return Senders(by_hash, frozenset(origins), largest, _hooks_of(configuration))


def _hooks_of(configuration: Configuration) -> Mapping[tuple[str, ...], Sender]:
    found = [
        Sender(workspace.name, name, source, guard, workspace.quota)
        for release in configuration.releases.values()
        for workspace, guard in ((workspace_of(release), guard_of(release)),)
        for name, source in workspace.sources.items()
        if source.is_webhook
    ]
    names = Counter(sender.name for sender in found)
    alone: dict[tuple[str, ...], Sender] = {
        (sender.name,): sender for sender in found if names[sender.name] == 1
    }
    return {**alone, **{(sender.workspace, sender.name): sender for sender in found}}


def check_workspace(release: Release) -> None:
    """Refuse a release whose workspace or tracking plan cannot be read.

    Raises:
        PermanentError: `configuration_invalid`.
    """
    workspace_of(release)
    guard_of(release)


class Keyring:
    """The senders of the configuration in force."""

    def __init__(self, current: Callable[[], Configuration], *, local: bool) -> None:
        self._current = current
        self._local = local
        self._configuration: Configuration | None = None
        self._senders = Senders()

    def senders(self) -> Senders:
        """Indexed again only when the configuration changed.

        Raises:
            RefusedError: 503 `not_configured`; before the first release no key can be called wrong.
        """
        configuration = self._current()
        if configuration is not self._configuration:
            self._senders = senders_of(configuration, local=self._local)
            self._configuration = configuration
        if not configuration.releases:
            raise RefusedError(
                503, "not_configured", "no workspace is published yet", retry_after=2
            )
        return self._senders


def key_of(authorization: bytes | None) -> str | None:
    """The key in the header: the user of Basic, or a Bearer token; None when there is no header.

    Raises:
        RefusedError: 401 `unknown_key`, the header holds no key.
    """
    if not authorization:
        return None
    scheme, _, rest = authorization.strip().partition(b" ")
    token = rest.strip()
    if scheme.lower() == b"basic":
        try:
            token = base64.b64decode(token, validate=True).partition(b":")[0]
        except binascii.Error as error:
            raise RefusedError(401, "unknown_key", "malformed Basic authorization") from error
    elif scheme.lower() != b"bearer":
        raise RefusedError(401, "unknown_key", "use Basic, Bearer or writeKey")
    return token.decode("utf-8", "replace")
