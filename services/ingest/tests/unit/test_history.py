"""What is imported is the past: it is told apart at the edge, and dated by what it says itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.contracts.ingestion import EventAccepted
from ingest.domain.reading import read
from services.ingest.tests.edge import SERVER_KEY, Edge, basic, track
from services.ingest.tests.making import NOW, Shop, accepted, activities, consents

THEN = datetime(2024, 5, 1, 8, 30, tzinfo=UTC)
ROW = {"type": "track", "userId": "u1", "event": "Order Completed", "properties": {"order_id": "o1"}}  # fmt: skip


def imported(message: dict[str, Any], **more: Any) -> Any:
    return accepted(message, protocol="import", **more)


async def test_what_comes_by_the_import_is_marked_as_the_past() -> None:
    edge = Edge()
    reply = await edge.post("/v1/import", {"batch": [track(timestamp=THEN.isoformat())]})
    await edge.post("/v1/batch", {"batch": [track()]})

    assert reply.json == {"success": True, "accepted": 1, "rejected": []}
    assert [record.headers.get("history") for record in edge.events.records] == [b"1", None]
    assert [payload.protocol for _, payload in edge.stored] == ["import", "segment"]


async def test_a_bad_message_of_the_past_never_costs_the_others() -> None:
    edge = Edge()
    batch = {"batch": [track(), {"type": "track", "event": "Lost"}, track()]}
    reply = await edge.request(
        "POST", "/v1/import", msgspec.json.encode(batch), {"authorization": basic(SERVER_KEY)}
    )

    assert (reply.status, reply.json["accepted"]) == (200, 2)
    assert [item["index"] for item in reply.json["rejected"]] == [1]
    assert edge.set_aside == ["no_identity"]


@pytest.mark.parametrize(
    "stamps",
    [
        {"timestamp": THEN.isoformat()},
        {"originalTimestamp": THEN.isoformat()},
        # As a warehouse keeps what Segment received: it was sent at once, and corrected long ago.
        {
            "originalTimestamp": (THEN + timedelta(hours=2)).isoformat(),
            "timestamp": THEN.isoformat(),
            "sentAt": (THEN + timedelta(hours=2, seconds=1)).isoformat(),
            "receivedAt": (THEN + timedelta(seconds=1)).isoformat(),
        },
    ],
)
def test_the_past_is_dated_by_its_own_time_stamp(stamps: dict[str, str]) -> None:
    (activity,) = activities(Shop().folds(imported({**ROW, **stamps})))

    assert activity.occurred_at == THEN
    assert activity.received_at == NOW


@settings(deadline=None)
@given(
    ago=st.timedeltas(timedelta(), timedelta(days=9_000)),
    sent_ago=st.timedeltas(timedelta(days=-2_000), timedelta(days=9_000)),
)
def test_when_the_past_was_sent_to_somebody_else_does_not_matter(
    ago: timedelta, sent_ago: timedelta
) -> None:
    at, sent = NOW - ago, NOW - sent_ago
    record = imported({**ROW, "timestamp": at.isoformat(), "sentAt": sent.isoformat()})
    (call,) = read(record.event.payload(EventAccepted))

    assert call.occurred_at == at


def test_an_imported_yes_never_revives_what_was_withdrawn_since() -> None:
    shop = Shop()
    said = {"channel": "email", "purpose": "marketing"}
    shop.says("track", userId="u1", event="Consent Withdrawn", properties=said)
    row = {**ROW, "event": "Consent Granted", "properties": said, "timestamp": THEN.isoformat()}
    told = shop.folds(imported(row, message_id="old", received_at=NOW + timedelta(days=1)))

    assert consents(told) == []
    assert [consent.granted for consent in shop.contact.consents] == [False]
