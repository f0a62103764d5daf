"""What the log says of how deliveries ended, for a database that was restored."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from common.contracts import decode_event
from common.contracts.deliveries import (
    DeliveryFailed,
    DeliverySent,
    DeliverySkipped,
    DeliveryStatus,
    DeliveryUnknown,
)
from common.errors import PermanentError
from common.recovery.tape import Tape
from common.streaming.ports import Fetched, Place, Reader
from dispatcher.domain.delivery import State
from dispatcher.domain.statuses import STATUS
from dispatcher.ports import Ended

ENDS: Final[dict[str, tuple[type[DeliveryStatus], State]]] = {
    DeliverySent.TYPE: (DeliverySent, "sent"),
    DeliveryFailed.TYPE: (DeliveryFailed, "failed"),
    DeliverySkipped.TYPE: (DeliverySkipped, "skipped"),
    DeliveryUnknown.TYPE: (DeliveryUnknown, "unknown"),
}
MARGIN: Final = timedelta(minutes=5)
"""How long after the last word on the log a sender may still have sent."""
JOURNAL: Final = "dispatcher.journal"


@dataclass(slots=True)
class Ends:
    """The ends that the log knows."""

    by_id: dict[UUID, Ended] = field(default_factory=dict)
    until: datetime | None = None
    """What was due by then may have been sent; None: nothing was ever done."""

    @property
    def ended(self) -> list[Ended]:
        return list(self.by_id.values())

    def take(self, record: Fetched) -> None:
        late = record.appended_at + MARGIN
        self.until = late if self.until is None else max(self.until, late)
        if record.place.topic != STATUS or record.value is None:
            return
        ended = None if "history" in record.headers else _end_of(record.value)
        if ended is not None:
            self.by_id[ended.delivery_id] = ended


def _end_of(value: bytes) -> Ended | None:
    """The end that a record tells of; what no sender of ours can have written tells of none."""
    try:
        event = decode_event(value)
        kind, state = ENDS[event.type]
        told = event.payload(kind)
    except (PermanentError, KeyError):
        return None
    return Ended(told.delivery_id, state, told.reason, told.provider, told.at)


async def ends_since(reader: Reader, partitions: int, since: datetime | None) -> Ends:
    """Look through the statuses, and for when the dispatcher last did anything.

    Raises:
        TransientError: the log cannot be reached.
    """
    ends = Ends()
    for topic in (STATUS, JOURNAL):
        places = [Place(topic, partition) for partition in range(partitions)]
        starts: dict[Place, int | None] = dict.fromkeys(places)
        if since is not None:
            starts.update(await reader.offsets_since(places, since))
        tape = Tape(reader)
        await tape.wind(starts)
        for place in places:
            while (record := await tape.next(place)) is not None:
                ends.take(record)
    return ends
