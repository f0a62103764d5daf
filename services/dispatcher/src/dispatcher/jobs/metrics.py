"""What operators see of sending."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

MOVES = Counter("cuestream_deliveries", "Moves of deliveries", ["state", "reason"])
SEND_SECONDS = Histogram(
    "cuestream_send_seconds",
    "From handing a message to its provider to the answer",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
IN_FLIGHT = Gauge("cuestream_deliveries_in_flight", "Claimed here and not yet recorded")
BARRIER_SECONDS = Histogram(
    "cuestream_barrier_seconds",
    "From appending a barrier to meeting it with everything before it folded",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
WITHDRAWALS_TRIMMED = Counter(
    "cuestream_withdrawals_trimmed", "Times that withdrawals left the log before they were folded"
)
