"""Who is under way in which journey, and who the customers are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from common.customer import Customer
from orchestrator.ports.publication import UnderWay


@dataclass(frozen=True, slots=True)
class Guest:
    """One passage under way, by the index of enrollments."""

    profile_id: UUID
    enrollment_id: UUID
    version: str
    step: int
    """Its place."""
    entered_at: datetime
    moved_at: datetime
    """When it came to the step, or was held there."""
    held: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the table of profiles somebody is: what a page of them goes on from."""

    partition: int
    profile_id: UUID


Cursor = tuple[UUID, UUID]
"""The profile and the passage after which a page begins."""


class Roster(Protocol):
    """The index of enrollments and the customers' views; reads only, and any call may raise TransientError."""

    async def under_way(self, workspace: str | None) -> Sequence[UnderWay]:
        """Where the passages of all playbooks are, by playbook, version and step."""
        ...

    async def guests(
        self,
        workspace: str,
        playbook: str,
        *,
        version: str,
        step: int | None,
        after: Cursor | None,
        at_most: int,
    ) -> Sequence[Guest]:
        """The passages under way on one version, perhaps at one of its steps, in the order of their profiles."""
        ...

    async def customers(
        self, workspace: str, after: Place | None, at_most: int
    ) -> Sequence[tuple[Place, Customer | None]]:
        """A page of the customers; None: that one is merged into another."""
        ...
