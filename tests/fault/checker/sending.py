"""I4 and I5: every delivery id at most once to the provider, and nothing after a no."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from common.contracts import decode_event
from common.contracts.ingestion import IngestProgressed
from common.errors import PermanentError
from common.streaming.ports import Place
from dispatcher.store.rows import delivery_of
from tests.fault.checker.recipients import Desk
from tests.fault.checker.report import Report
from tests.fault.history.model import DeliveryRow, History

GRACE: Final = timedelta(seconds=1)
"""A no is final within a second."""
BEHIND: Final = timedelta(seconds=30)
"""Who knows the contacts no better than so long ago writes no marketing."""
ROUNDING: Final = timedelta(milliseconds=5)
"""Brokers know only milliseconds."""
_ENDS: Final = frozenset({"sent", "failed", "unknown", "skipped"})
_ON_THE_WAY: Final = frozenset({"claimed", "transmitting"})


def check_sending(
    history: History, desk: Desk, noes: Mapping[str, datetime], report: Report
) -> None:
    """`noes`: address → when the 2xx of its withdrawal came."""
    taken: Counter[UUID] = Counter()
    for mail in history.mails():
        if mail.delivery_id is None:
            report.find("I4", "a mail that is nobody's", mail.to)
        else:
            taken[mail.delivery_id] += 1
    progress = Progress(history)
    for row in history.rows("dispatcher.deliveries"):
        _count(row, taken.pop(row.delivery_id, 0), report)
        if row.claimed_at is not None and row.marketing:
            _check_claim(row, row.claimed_at, desk, noes, report)
            if row.state in ("sent", "unknown"):
                progress.check(row, row.claimed_at, report)
    for delivery_id, times in taken.items():
        report.find("I4", "a mail without a delivery", delivery_id)
        report.count("sent", times)


def _count(row: DeliveryRow, taken: int, report: Report) -> None:
    report.count("sent", taken)
    if taken > 1:
        report.find("I4", "a delivery accepted more than once", row.delivery_id)
        report.count("doubled_sends", taken - 1)
    if row.state == "unknown":
        report.count("unknown")
    elif row.state == "sent" and not taken:
        report.find("I4", "sent, but nobody got it", row.delivery_id, also="lost")
    elif row.state != "sent" and taken:
        report.find("I4", f"{row.state}, but accepted by the provider", row.delivery_id)
    if row.state in _ON_THE_WAY:
        report.find("I11", f"still {row.state} at the end", row.delivery_id)


def _check_claim(
    row: DeliveryRow,
    claimed_at: datetime,
    desk: Desk,
    noes: Mapping[str, datetime],
    report: Report,
) -> None:
    request = delivery_of({"delivery": row.delivery}).request
    wills = desk.wills.possible(row.profile_id, claimed_at - ROUNDING)
    if not any(will.allows(request.channel, request.purpose) for will in wills):
        report.find(
            "I5",
            "claimed without a consent as folded",
            f"{row.delivery_id} at {claimed_at}",
            also="claimed_after_no",
        )
    no = noes.get(desk.address(row.profile_id))
    if no is not None and claimed_at > no + GRACE:
        report.find(
            "I5",
            "claimed later than 1 s after a no",
            f"{row.delivery_id} {claimed_at - no} after",
            also="claimed_after_no",
        )


class Progress:
    """Up to which time of the raw events the contacts could be known at any moment."""

    def __init__(self, history: History) -> None:
        self._at: list[datetime] = []
        self._until: list[datetime] = []
        newest: dict[int, datetime] = {}
        for item in history.records(Place("ingest.progress", 0)):
            try:
                stated = decode_event(item.value or b"").payload(IngestProgressed)
            except PermanentError:
                continue
            known = newest.get(stated.partition, stated.until)
            newest[stated.partition] = max(known, stated.until)
            if len(newest) == history.partitions:
                self._at.append(item.appended_at)
                self._until.append(min(newest.values()))

    def check(self, row: DeliveryRow, claimed_at: datetime, report: Report) -> None:
        place = bisect_right(self._at, claimed_at)
        until = self._until[place - 1] if place else None
        if until is None or until < claimed_at - BEHIND - GRACE:
            report.find(
                "I5", "claimed while the contacts were behind", f"{row.delivery_id} {until}"
            )
