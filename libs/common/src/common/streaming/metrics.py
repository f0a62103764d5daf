"""What operators see of every loop; docs/operations.md says which value is an alarm and what to do then."""

from __future__ import annotations

from functools import cache
from typing import TypeVar

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

M = TypeVar("M", bound=MetricWrapperBase)

RECORDS = Counter("cuestream_records", "Records read", ["loop", "topic"])
DUPLICATES = Counter("cuestream_duplicates", "Records dropped by their sequence", ["loop", "topic"])
QUARANTINED = Counter("cuestream_quarantined", "Signals put aside", ["loop", "reason"])
LAG = Gauge(
    "cuestream_lag_records", "Records not read yet: end − position", ["loop", "partition", "topic"]
)
HEADROOM = Gauge(
    "cuestream_headroom_seconds",
    "Until retention may delete what is not read yet",
    ["loop", "partition", "topic"],
)
VIRTUAL_TIME = Gauge(
    "cuestream_virtual_time_seconds", "Append time up to which all is read", ["loop", "partition"]
)
VIRTUAL_LAG = Gauge(
    "cuestream_virtual_time_lag_seconds", "Now − virtual time", ["loop", "partition"]
)
TIMERS = Gauge(
    "cuestream_timers_pending", "Timers set, of all loops of the service, as estimated", ["loop"]
)
TIMERS_HELD = Gauge(
    "cuestream_timers_held",
    "Timers due before virtual time that have not fired, 10,000 at most",
    ["loop", "partition"],
)
TIMERS_OVERDUE = Gauge(
    "cuestream_timers_overdue_seconds",
    "Now − due time of the earliest timer; 0 where it is not due",
    ["loop", "partition"],
)
TIMERS_FIRED = Counter("cuestream_timers_fired", "Timers fired", ["loop"])
TIMER_LATENESS = Histogram(
    "cuestream_timer_lateness_seconds",
    "Virtual time minus due time when a timer fired",
    ["loop"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
BATCH_SECONDS = Histogram(
    "cuestream_batch_seconds",
    "Duration of a batch, from its first statement to its commit",
    ["loop"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
BATCH_SIGNALS = Histogram(
    "cuestream_batch_signals",
    "Signals in a batch",
    ["loop"],
    buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000),
)
OUTBOX = Gauge(
    "cuestream_outbox_rows",
    "Consequences committed and still in the database: not acknowledged, or not deleted yet",
    ["loop"],
)
OUTBOX_AGE = Gauge(
    "cuestream_outbox_age_seconds", "For how long the oldest of them has waited", ["loop"]
)
OLDEST_TRANSACTION = Gauge(
    "cuestream_oldest_transaction_seconds",
    "Age of the oldest open transaction of the service's role",
    ["loop"],
)
OWNED = Gauge("cuestream_partitions_owned", "Partitions this process owns", ["loop"])
EPOCH = Gauge("cuestream_epoch", "Epoch under which a partition is owned", ["loop", "partition"])
STOPPED = Gauge(
    "cuestream_partition_stopped", "1 = stopped with an alarm", ["loop", "partition", "reason"]
)
FENCED = Counter("cuestream_fenced", "Batches refused because of a newer owner", ["loop"])
RETRIES = Counter("cuestream_retries", "Rounds that ended in a transient error", ["loop", "reason"])
LARGE_STATES = Counter(
    "cuestream_states_large", "States saved with more than 64 KiB; the log names the profile"
)
LARGEST_STATE = Gauge(
    "cuestream_state_largest_bytes", "The largest state saved since the process began"
)

_shown: dict[tuple[str, int], set[tuple[Gauge, tuple[str, ...]]]] = {}


@cache
def child(metric: M, *labels: str) -> M:
    """One metric under its labels, looked up once: on the hot path a look-up costs more than the counting."""
    return metric.labels(*labels)


def show(gauge: Gauge, value: float, loop: str, partition: int, *labels: str) -> None:
    """Set what is told of a partition while it is owned."""
    gauge.labels(loop, partition, *labels).set(value)
    _shown.setdefault((loop, partition), set()).add((gauge, labels))


def forget(loop: str, partition: int) -> None:
    """Tell nothing more of a partition: its new owner does."""
    for gauge, labels in _shown.pop((loop, partition), ()):
        gauge.remove(loop, partition, *labels)
