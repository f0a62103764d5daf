"""The table of docs/operations.md: every metric that a process shows, what it says, when it is an alarm, and what to do then."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import NamedTuple

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

MODULES = (
    "common.streaming.metrics",
    "common.telemetry.logs",
    "ingest.api.metrics",
    "dispatcher.jobs.metrics",
    "dispatcher.api.metrics",
)
"""Where metrics are made; a test finds one that is made elsewhere."""


class Watch(NamedTuple):
    """What to watch in it."""

    alarm: str = "–"
    then: str = "–"


WATCHES: dict[str, Watch] = {
    "cuestream_records": Watch(),
    "cuestream_duplicates": Watch(
        "more than a tenth of the records for 5 min",
        "a writer publishes again and again: look at its `retries` and its log",
    ),
    "cuestream_quarantined": Watch("any", "[Quarantine](#quarantine)"),
    "cuestream_lag_records": Watch(
        "grows for 5 min",
        "[Behind](#behind); a partition that stands still has an alarm of its own",
    ),
    "cuestream_headroom_seconds": Watch(
        "< 1 d; < 6 h wakes somebody", "[Behind](#behind): what is not read by then is gone"
    ),
    "cuestream_virtual_time_seconds": Watch(),
    "cuestream_virtual_time_lag_seconds": Watch(
        "> 30 s", "[Time stands still](#time-stands-still): no timer fires, marketing is held"
    ),
    "cuestream_timers_pending": Watch(),
    "cuestream_timers_held": Watch(
        "> 5,000 for 5 min", "more is due than one process fires: [Scale](#scale)"
    ),
    "cuestream_timers_overdue_seconds": Watch(
        "> 60 s",
        "with virtual time behind: [Time stands still](#time-stands-still); else [Behind](#behind)",
    ),
    "cuestream_timers_fired": Watch(),
    "cuestream_timer_lateness_seconds": Watch("p99 > 5 s", "as `timers_held`"),
    "cuestream_batch_seconds": Watch(
        "p99 > 1 s", "PostgreSQL is slow: its disk, its locks, its vacuum; see `oldest_transaction`"
    ),
    "cuestream_batch_signals": Watch(),
    "cuestream_outbox_rows": Watch(
        "> 10,000; at 20,000 reading pauses", "[Kafka is away or slow](#kafka-is-away-or-slow)"
    ),
    "cuestream_outbox_age_seconds": Watch(
        "> 30 s", "[Kafka is away or slow](#kafka-is-away-or-slow)"
    ),
    "cuestream_oldest_transaction_seconds": Watch(
        "> 60 s",
        "somebody's session holds rows and stops vacuum: find it in `pg_stat_activity`, end it",
    ),
    "cuestream_partitions_owned": Watch(
        "the sum over a loop's processes is not the number of partitions for 60 s",
        "[A partition without owner](#a-partition-without-owner)",
    ),
    "cuestream_epoch": Watch(
        "rises more than 5 times in 10 min",
        "processes take partitions from each other: [Stuck](#stuck)",
    ),
    "cuestream_partition_stopped": Watch("any 1", "[Alarms](#alarms), by `reason`"),
    "cuestream_fenced": Watch("any outside a deployment", "[Stuck](#stuck)"),
    "cuestream_retries": Watch(
        "grows for 1 min", "`reason` names what is away; nothing is lost meanwhile"
    ),
    "cuestream_states_large": Watch("any", "[A state that grows](#a-state-that-grows)"),
    "cuestream_state_largest_bytes": Watch("> 65,536", "[A state that grows](#a-state-that-grows)"),
    "cuestream_log_keys_dropped": Watch(
        "any", "a line of the log was to carry what must not be in it: a bug, tell its authors"
    ),
    "cuestream_ingest_accepted": Watch(
        "0 while the shop is open", "the shop's SDK, its key, its network"
    ),
    "cuestream_ingest_rejected": Watch(
        "> 1 % of the accepted", "[Quarantine](#quarantine): a client sends what is no event"
    ),
    "cuestream_ingest_violations": Watch(
        "> 1 % of a source's accepted",
        "its release changed what it sends: [the tracking plan](connect/tracking-plan.md) says how to find what",
    ),
    "cuestream_ingest_ignored": Watch(
        "more than the accepted of a source for 1 h",
        "a crawler is let in that should not be, or visitors are taken for one: compare their user agents",
    ),
    "cuestream_ingest_refused": Watch(
        "any 503", "[Kafka is away or slow](#kafka-is-away-or-slow); 401 and 429 are the client's"
    ),
    "cuestream_ingest_seconds": Watch("p99 > 1 s", "Kafka's acknowledgements are slow"),
    "cuestream_deliveries": Watch(
        "`unknown`: any; `failed`: > 1 % of `sent`",
        "`unknown` is never sent again by itself: ask the provider by the Message-ID",
    ),
    "cuestream_confirmations": Watch(
        "any `unavailable`; `forged` or `expired` > a tenth of `accepted` for 1 d",
        "`unavailable`: Kafka or PostgreSQL is away; else the mails' links break or come too late: press one of them",
    ),
    "cuestream_send_seconds": Watch(
        "p99 > 10 s", "the provider is slow; sending is paced by itself"
    ),
    "cuestream_deliveries_in_flight": Watch(),
    "cuestream_barrier_seconds": Watch(
        "p99 > 1 s", "marketing is held until a no can be known within a second: Kafka is slow"
    ),
    "cuestream_withdrawals_trimmed": Watch(
        "any", "noes were lost unread: halt, and have them withdrawn again"
    ),
}


def found() -> Iterator[MetricWrapperBase]:
    """Every metric that the modules make, each once, in their order."""
    seen: set[int] = set()
    for module in map(import_module, MODULES):
        for metric in vars(module).values():
            if isinstance(metric, MetricWrapperBase) and id(metric) not in seen:
                seen.add(id(metric))
                yield metric


def exposed(metric: MetricWrapperBase) -> str:
    """The name under which Prometheus finds it."""
    return f"{metric._name}_total" if isinstance(metric, Counter) else metric._name  # noqa: SLF001 - it has no other


def table() -> str:
    """One line a metric."""
    lines = ["| metric | labels | what it says | alarm | then |", "|---|---|---|---|---|"]
    for metric in found():
        watch = WATCHES[metric._name]  # noqa: SLF001 - as above
        labels = ", ".join(f"`{name}`" for name in metric._labelnames) or "–"  # noqa: SLF001 - as above
        kind = {Counter: "counter", Gauge: "gauge", Histogram: "histogram"}[type(metric)]
        said = metric._documentation.replace("|", "\\|")  # noqa: SLF001 - as above
        lines.append(
            f"| `{exposed(metric)}` | {labels} | {said} ({kind}) | {watch.alarm} | {watch.then} |"
        )
    return "\n".join(lines) + "\n"
