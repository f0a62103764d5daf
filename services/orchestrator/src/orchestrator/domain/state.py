"""All that the orchestrator remembers of one profile, bounded."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from common.contracts.actions import Occurrence, Printable
from common.customer import Customer

MAX_ENROLLMENTS: Final = 100
MAX_CONTACTS: Final = 200
MAX_PASSAGES: Final = 20
"""Per playbook."""


class Enrollment(msgspec.Struct, frozen=True):
    """One profile's passage through one version of a playbook, as it stands."""

    id: UUID
    playbook: str
    version: str
    """The content's hash; the enrollment stays on it."""
    key: str
    trigger_id: UUID
    entered_at: datetime
    step: int = 0
    due_at: datetime | None = None
    """When the timer that is set fires; a timer with another instant is an old one."""
    proposed: bool = False
    """Whether a proposal of it was ruled on."""
    renewed_at: datetime | None = None
    """When the newest activity happened that began it, or would have; what happened before does not end it."""

    trigger: Occurrence | None = None
    variables: dict[str, Printable] = {}
    """What a journey keeps of the passage."""
    rounds: int = 0
    """How often it went back or was moved to another version: each round's proposals have decisions of their own."""
    jumps: dict[str, int] = {}
    """How often it went back, by the id of the `goto`."""
    held: bool = False
    """It would go on, but its playbook is paused, or is no longer and it was not let go on yet."""
    way: int | None = None
    """What the person did while it was paused leads into this block of its step."""
    awaits: UUID | None = None
    """What it asked for last, and whose answer it may be waiting for."""
    skips: bool = False
    """Until its next rest it says nothing: what it would have said is overdue."""

    @property
    def since(self) -> datetime:
        """From when on what ends it counts; a passage from before that was noted counts from its entry."""
        return self.renewed_at or self.entered_at

    @property
    def timer(self) -> str:
        return f"enrollment:{self.id}"


class Contact(msgspec.Struct, frozen=True):
    """One message that was decided for, and what became of it."""

    decision_id: UUID
    playbook: str
    message: str
    channel: str
    at: datetime
    """When it was decided; where that was forgotten, when its status was reported."""
    status: str
    key: str = ""
    """What it was about, where the playbook says so."""


class Passage(msgspec.Struct, frozen=True):
    """A passage that ended, remembered for playbooks that do not admit a key again."""

    playbook: str
    key: str
    entered_at: datetime
    proposed: bool


class Viewed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A product that the customer looked at and has not bought."""

    at: datetime
    """When last."""
    priced: int = 0
    """The version of the product of whose price the customer's journeys heard last."""
    stocked: int = 0
    """The version with which it was there again, as they heard last."""


class ProfileState(msgspec.Struct, frozen=True):
    """The row of one profile."""

    customer: Customer = msgspec.field(default_factory=Customer)
    enrollments: tuple[Enrollment, ...] = ()
    """Sorted by playbook and id, so that equal states are equal bytes."""
    contacts: tuple[Contact, ...] = ()
    """The contact log, a set by decision id, sorted by instant and id."""
    passages: tuple[Passage, ...] = ()
    schedules: dict[str, datetime | None] = {}
    """When each timer of a trigger fires, by its name; it may have moved on since, never back. None: never, as things are."""
    heard: dict[str, datetime] = {}
    """When each activity that ends a passage last happened: one that began before, but is heard of later, may have missed it."""
    viewed: dict[str, Viewed] = {}
    """The products by their ids; kept only where a playbook in force begins with what happens on the shelf."""
