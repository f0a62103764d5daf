"""I9: a replay along the journal leads to the same rows and the same output, and sends nothing."""

from __future__ import annotations

from collections import Counter

from common.contracts import load_topics
from common.streaming.ports import Place
from tests.fault.checker.report import Report
from tests.fault.history.model import SERVICES, TABLES, History

REPLAYED = {
    "ingest": ("identities", "profiles", "seen_messages", "consents"),
    "scoring": ("profiles", "timers"),
    "orchestrator": ("profiles", "timers"),
    "dispatcher": ("recipients",),
}
"""What a replay of each service has to bring back."""


def check_silent(before: History, after: History, report: Report) -> None:
    """Nothing was sent and nothing was written to a topic between two histories of one installation."""
    mails = len(after.mails()) - len(before.mails())
    for _ in range(mails):
        report.find("I9", "a replay sent a mail", also="doubled_sends")
    for topic in load_topics(after.partitions):
        if topic.name in ("ingest.events", "ingest.progress", "contact.withdrawals"):
            continue  # ticks, statements and barriers go on all the time
        for partition in range(topic.partitions):
            place = Place(topic.name, partition)
            more = after.bounds(place).end - before.bounds(place).end
            if more:
                report.find("I9", "a replay wrote to a topic", f"{place}: {more} records")


def check_same_rows(original: History, replayed: History, service: str, report: Report) -> None:
    """The database that a replay filled holds the rows of the original."""
    assert service in SERVICES
    for table in REPLAYED[service]:
        name = f"{service}.{table}"
        assert name in TABLES
        wanted, found = Counter(original.rows(name)), Counter(replayed.rows(name))
        for row in (wanted - found).elements():
            report.find("I9", f"a replay left out a row of {name}", row)
        for row in (found - wanted).elements():
            report.find("I9", f"a replay made up a row of {name}", row)
