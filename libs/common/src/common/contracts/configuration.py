"""Published configuration: contents by hash, and per workspace the list of hashes in force."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from common.contracts.payload import Payload


class ConfigurationPublished(Payload, frozen=True, kw_only=True):
    """One file or folder under `kind/name@hash`; never overwritten."""

    TYPE: ClassVar[str] = "configuration.published.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("configuration",)

    kind: str
    """`workspace`, `tracking_plan`, `playbook`, `lead_model`."""
    name: str
    hash: str
    """SHA-256 hex over the files, see common.configuration."""
    files: dict[str, str]
    """Path inside the folder → text."""


class ConfigurationReleased(Payload, frozen=True, kw_only=True):
    """The contents in force for a workspace from now on."""

    TYPE: ClassVar[str] = "configuration.released.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("configuration",)

    number: int
    contents: tuple[str, ...]
    """`kind/name@hash`, sorted."""
    live: bool
    """Whether `apply --live` allowed this workspace to deliver outside the sink."""
    published_at: datetime
    published_by: str
