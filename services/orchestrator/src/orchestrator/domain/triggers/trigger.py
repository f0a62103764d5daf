"""What a trigger is: a pure question to an occasion."""

from __future__ import annotations

from typing import Protocol

from orchestrator.domain.occasion import Occasion
from orchestrator.domain.watching import Path


class Trigger(Protocol):
    """Whether an occasion begins a passage."""

    @property
    def events(self) -> frozenset[str] | None:
        """The activities of which it hears; None: what it waits for is no activity."""
        ...

    @property
    def reads(self) -> frozenset[Path]:
        """The customer's fields of which it can tell nothing new while they are as they were."""
        ...

    def matches(self, occasion: Occasion) -> bool:
        """Whether it would begin a passage, or is one more reason for one that is under way."""
        ...

    def in_time(self, occasion: Occasion) -> bool:
        """Whether the occasion is heard of soon enough to begin one."""
        ...
