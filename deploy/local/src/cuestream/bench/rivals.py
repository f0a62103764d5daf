"""What others reach on the same kind of machine (two cores for client, server and store), shown beside our figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

RIVALS: Mapping[str, Sequence[str]] = {
    "ingest": (
        "1 event a request: RudderStack gateway 2.1 k/s at 32 connections, 7.1-7.8 k/s at 256, p99 23-74 ms;"
        " Jitsu 9.1-13.7 k/s, p99 14-96 ms, answers before the write",
        "100 events a request: RudderStack 22-24 k events/s, Jitsu 20-24 k events/s, p99 276-550 ms",
    ),
    "timers": (
        "20,000 due at once, tuned: graphile-worker 10.7-17 k/s, pgqueuer 8.8-10.3 k/s, river 9.4-11.4 k/s;"
        " lateness p99 109-122 ms",
    ),
}
