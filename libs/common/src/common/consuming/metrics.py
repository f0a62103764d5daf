"""What operators see of every loop."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

RECORDS = Counter("cuestream_records", "Records read", ["loop", "topic"])
DUPLICATES = Counter("cuestream_duplicates", "Records dropped by their sequence", ["loop", "topic"])
QUARANTINED = Counter("cuestream_quarantined", "Signals put aside", ["loop", "reason"])
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
OUTBOX = Gauge("cuestream_outbox_rows", "Consequences committed and not yet acknowledged", ["loop"])
OWNED = Gauge("cuestream_partitions_owned", "Partitions this process owns", ["loop"])
STOPPED = Gauge(
    "cuestream_partition_stopped", "1 = stopped with an alarm", ["loop", "partition", "reason"]
)
EPOCH = Gauge("cuestream_epoch", "Epoch under which a partition is owned", ["loop", "partition"])
FENCED = Counter("cuestream_fenced", "Batches refused because of a newer owner", ["loop"])
VIRTUAL_TIME = Gauge(
    "cuestream_virtual_time_seconds", "Append time up to which all is read", ["loop", "partition"]
)
RETRIES = Counter("cuestream_retries", "Rounds that ended in a transient error", ["loop", "reason"])
