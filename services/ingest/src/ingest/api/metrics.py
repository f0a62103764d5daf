"""What operators see of the edge."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from ingest.api.answers import Answer
from ingest.domain.tracking import Verdict

ACCEPTED = Counter(
    "cuestream_ingest_accepted", "Messages that were acknowledged", ["workspace", "source"]
)
REJECTED = Counter(
    "cuestream_ingest_rejected", "Messages that were set aside", ["workspace", "source", "reason"]
)
VIOLATIONS = Counter(
    "cuestream_ingest_violations",
    "Messages that break the tracking plan, whatever became of them; events that are not in it count as one",
    ["workspace", "source", "event", "reason"],
)
IGNORED = Counter(
    "cuestream_ingest_ignored",
    "Messages under browser keys that no visitor sent",
    ["workspace", "source", "reason"],
)
REFUSED = Counter("cuestream_ingest_refused", "Requests that were refused", ["error"])
SECONDS = Histogram(
    "cuestream_ingest_seconds",
    "From the whole body to the answer, Kafka's acknowledgement included",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)


@cache
def accepted_by(workspace: str, source: str) -> Counter:
    """The counter of one source; looking it up by its labels costs as much as judging a message."""
    return ACCEPTED.labels(workspace, source)


def count_violation(workspace: str, source: str, verdict: Verdict) -> None:
    """Whatever becomes of the event."""
    if verdict.flaw is not None:
        VIOLATIONS.labels(workspace, source, verdict.event, verdict.flaw).inc()


def exposition(directory: Path) -> Answer:
    """What all workers that keep their counters there have counted."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(directory))  # type: ignore[no-untyped-call] # the library's
    return Answer(200, generate_latest(registry), kind=CONTENT_TYPE_LATEST.encode())
