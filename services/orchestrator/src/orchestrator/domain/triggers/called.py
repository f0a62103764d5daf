"""A trigger for whoever begins a passage by the api, with what it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from common.documents import Value
from orchestrator.domain.occasion import Occasion
from orchestrator.domain.steps import Reading
from orchestrator.domain.watching import Path


@dataclass(frozen=True, slots=True)
class Called:
    """A call of the api for one profile; `name` is what steps and templates know it as."""

    events: ClassVar[frozenset[str]] = frozenset()
    reads: ClassVar[frozenset[Path]] = frozenset()

    name: str

    @classmethod
    def read(cls, value: Value, reading: Reading) -> Self:  # noqa: ARG003 - the protocol's; a name needs nothing
        return cls(value.fields(required=["api"])["api"].text())

    def matches(self, occasion: Occasion) -> bool:  # noqa: ARG002 - whoever calls names the playbook, not the trigger
        return False

    def in_time(self, occasion: Occasion) -> bool:  # noqa: ARG002 - as above
        return False
