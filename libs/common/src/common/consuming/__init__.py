"""The consumer runtime: folds records and due timers exactly once, in order, on PostgreSQL and Kafka."""

from common.consuming.consumer import Consumer, StuckError
from common.consuming.decoding import TOMBSTONE
from common.consuming.folding import FuseBlownError
from common.consuming.job import Desk, Job, Owned, Worker
from common.consuming.loop import Loop, Pace, Surroundings
from common.consuming.merging import Kept, Merger, Packed, with_merges
from common.consuming.model import (
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
from common.consuming.ports import FencedError

__all__ = [
    "TOMBSTONE",
    "Book",
    "Consequence",
    "Consumer",
    "Desk",
    "Entry",
    "FencedError",
    "Folded",
    "FuseBlownError",
    "Handlers",
    "Job",
    "Kept",
    "Loop",
    "Merger",
    "Owned",
    "Pace",
    "Packed",
    "Record",
    "Sheet",
    "Signal",
    "StuckError",
    "Surroundings",
    "TimerDue",
    "Transaction",
    "Worker",
    "with_merges",
]
