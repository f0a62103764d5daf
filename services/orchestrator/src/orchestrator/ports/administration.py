"""Who may ask the admin api for what, and what they did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, get_args

Scope = Literal["read", "publish", "enroll", "admin"]
"""To look; to publish, pause and resume; to enrol and cancel; to make and revoke keys."""
SCOPES: tuple[Scope, ...] = get_args(Scope)


@dataclass(frozen=True, slots=True)
class AdminKey:
    """A key that somebody was given; of the key itself only the hash is kept."""

    name: str
    sha256: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    created_by: str
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that somebody did with a key."""

    at: datetime
    who: str
    what: str
    """Such as `configuration.released` or `enrollments.requested`."""
    detail: Mapping[str, Any]


class Administration(Protocol):
    """The keys and the audit; any call may raise TransientError."""

    async def key(self, sha256: str) -> AdminKey | None:
        """The key with that hash; None where there is none, or it was revoked."""
        ...

    async def keys(self) -> Sequence[AdminKey]:
        """All that were ever made, by name."""
        ...

    async def create(self, key: AdminKey) -> None:
        """Keep a new key, and write that down.

        Raises:
            PermanentError: `key_exists`, there was one of that name.
        """
        ...

    async def revoke(self, name: str, *, by: str, at: datetime) -> bool:
        """Let a key be of no use any more, and write that down; False: there is none that is."""
        ...

    async def note(self, deed: Deed) -> None:
        """Write down what somebody did."""
        ...

    async def deeds(self, before: datetime | None, at_most: int) -> Sequence[Deed]:
        """What was done, the newest first."""
        ...
