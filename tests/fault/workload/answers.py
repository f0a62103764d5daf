"""What the edges answered: which messages are in for certain, which perhaps, and when each no was taken."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

UNSENT, UNANSWERED, ACCEPTED, REJECTED = range(4)
READERS: Final = {
    "ingest.events": ("ingest",),
    "ingest.commands": ("ingest",),
    "profile.activity": ("scoring", "orchestrator"),
    "profile.scores": ("orchestrator",),
    "profile.contacts": ("ingest", "dispatcher"),
    "delivery.status": ("scoring", "orchestrator"),
    "action.requests": ("dispatcher",),
}
"""Who puts a poison record of a topic aside."""


class Poison(msgspec.Struct, frozen=True):
    """A record written straight to a topic that nobody can process; found again by its key."""

    topic: str
    partition: int
    key: bytes
    sort: str


class Refused(msgspec.Struct, frozen=True):
    """A message that the edge has to set aside."""

    message_id: str
    reason: str


class Answers(msgspec.Struct):
    """Filled by the clients while the run lasts."""

    messages: bytearray
    """By number: one of the four above."""
    requests: int = 0
    retries: int = 0
    refused: list[Refused] = []
    """Poison sent over HTTP and answered as it should be."""
    oddities: list[str] = []
    """Answers that no client should get."""
    poison: list[Poison] = []
    """Acknowledged by the broker."""
    noes: dict[int, datetime] = {}
    """Person → when the 2xx of the unsubscribe came."""
    clicking: set[int] = set()
    """Who clicked without having got an answer."""

    @classmethod
    def of(cls, messages: int) -> Answers:
        return cls(bytearray(messages))

    @property
    def accepted(self) -> int:
        """Different messages answered 2xx."""
        return self.messages.count(ACCEPTED)

    def is_accepted(self, number: int) -> bool:
        return self.messages[number] == ACCEPTED

    def is_certain(self, number: int) -> bool:
        """Whether it is known if the message is in."""
        return self.messages[number] != UNANSWERED
