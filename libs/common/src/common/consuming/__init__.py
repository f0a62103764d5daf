"""The consumer runtime: folds records and due timers exactly once, in order, on PostgreSQL and Kafka."""

from common.consuming.consumer import Consumer, StuckError
from common.consuming.folding import FuseBlownError
from common.consuming.loop import Loop, Pace, Surroundings
from common.intake.reading import TOMBSTONE
from common.streaming.model import (
    Book,
    Consequence,
    Entry,
    Folded,
    Handlers,
    Record,
    Sheet,
    Signal,
    TimerDue,
    Transaction,
)
from common.streaming.ports import FencedError

__all__ = [
    "TOMBSTONE",
    "Book",
    "Consequence",
    "Consumer",
    "Entry",
    "FencedError",
    "Folded",
    "FuseBlownError",
    "Handlers",
    "Loop",
    "Pace",
    "Record",
    "Sheet",
    "Signal",
    "StuckError",
    "Surroundings",
    "TimerDue",
    "Transaction",
]
