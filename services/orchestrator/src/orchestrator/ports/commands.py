"""What an operator asks of the fold of a profile's partition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from common.contracts import Payload, encode_event, event_bytes
from common.contracts.envelope import CONTENT_TYPE
from common.streaming.ports import Outgoing

TOPIC: Final = "orchestrator.commands"


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that is asked for one profile."""

    id: UUID
    workspace: str
    profile_id: UUID
    payload: Payload

    def record(self, source: str, now: datetime) -> Outgoing:
        """As it stands in the log, under the profile's key."""
        event = encode_event(
            self.payload,
            id=self.id,
            source=source,
            subject=str(self.profile_id),
            time=now,
            workspace=self.workspace,
            correlationid=self.id,
        )
        key = str(self.profile_id).encode()
        return Outgoing(key, event_bytes(event), {"content-type": CONTENT_TYPE.encode()})


class Commands(Protocol):
    """Where they are appended."""

    async def append(self, commands: Sequence[Command]) -> None:
        """Append them; on return the log has acknowledged all.

        Raises:
            TransientError: some may have been appended, some not.
        """
        ...
