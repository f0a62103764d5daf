"""What the runtime needs from Kafka and from the database, in its own words."""

from common.streaming.ports.ledger import (
    MOST_COUNTED,
    Advance,
    FencedError,
    Ledger,
    Measure,
    OutboxRow,
    Position,
    Standing,
    TimerChange,
)
from common.streaming.ports.log import (
    FEW,
    Bounds,
    Elector,
    Fetched,
    Log,
    Outgoing,
    Place,
    Publisher,
    Reader,
)

__all__ = [
    "FEW",
    "MOST_COUNTED",
    "Advance",
    "Bounds",
    "Elector",
    "FencedError",
    "Fetched",
    "Ledger",
    "Log",
    "Measure",
    "OutboxRow",
    "Outgoing",
    "Place",
    "Position",
    "Publisher",
    "Reader",
    "Standing",
    "TimerChange",
]
