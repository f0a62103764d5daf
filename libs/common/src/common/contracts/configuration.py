"""Published configuration: contents by hash, and per workspace the list of hashes in force."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Literal

import msgspec

from common.contracts.payload import Payload

Policy = Literal["spread", "run", "skip"]
"""Over a while · at once · without what it would have said."""


class Overdue(msgspec.Struct, frozen=True):
    """How passages go on whose instant is over."""

    policy: Policy = "spread"
    over: timedelta = timedelta(hours=1)
    """How long `spread` takes to reach everybody."""


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of the passages of one playbook that are under way on other versions; without one they finish there."""

    playbook: str
    to: str
    """The version in force; empty: the playbook is no longer published."""
    under_way: Literal["migrate", "cancel"]
    steps: dict[str, str] = {}
    """Where who rests at a step goes on, by the steps' ids; what is not named goes on where the id is the same."""
    overdue: Overdue = Overdue()
    at: datetime
    """When it was published."""


class Resumption(msgspec.Struct, frozen=True, kw_only=True):
    """How what a pause held goes on."""

    playbook: str
    overdue: Overdue = Overdue()


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
    transitions: tuple[Transition, ...] = ()
    """At most one a playbook; each stays as long as the version to which it leads."""
    paused: tuple[str, ...] = ()
    """Playbooks of which no passage begins, and none goes on but by its exits."""
    resumed: tuple[Resumption, ...] = ()
    """Of playbooks that were paused."""
