"""What is noted of each record that came in, so that whoever asks is told why it did not arrive."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from common.contracts import encode_event, event_bytes
from common.contracts.ingestion import EventAccepted
from common.ids import accepted_event_id
from common.streaming.ports import Outgoing
from ingest.domain.receptions import MOST_NAMES, OTHERS, Arrived, Tallies, tallied
from ingest.domain.sources import report
from ingest.ports import Reception
from services.ingest.tests.edge import BROWSER_KEY, ORIGIN, Edge, MemoryLog, configuration
from services.ingest.tests.making import NOW

PLAN = """
unknown_events: quarantine
violations: flag
events:
  Order Completed: {properties: {type: object, required: [order_id]}}
  Cart Viewed: {violations: quarantine, properties: {type: object, required: [cart_id]}}
"""


def arrived(topic: str, log: MemoryLog) -> list[Arrived]:
    def one(offset: int, record: Outgoing) -> Arrived:
        return Arrived(f"{topic}/0/{offset}", NOW, record.value or b"", record.headers or {})

    return [one(offset, record) for offset, record in enumerate(log.records)]


def noted(edge: Edge) -> Tallies:
    return tallied(
        [
            *arrived("ingest.events", edge.events),
            *arrived("ingest.events.quarantine", edge.quarantine),
            *arrived("ingest.refusals", edge.refusals),
        ]
    )


def counts(tallies: Tallies) -> dict[tuple[str, str, str], int]:
    return {(k.outcome, k.what, k.detail): c.number for k, c in tallies.counts.items()}


def track(event: str = "Product Added", message_id: str = "m1", **more: Any) -> dict[str, Any]:
    return {"event": event, "userId": "u1", "messageId": message_id, **more}


async def test_accepted_events_are_counted_by_their_names() -> None:
    edge = Edge()
    for event in ("Product Added", "Product Added", "Order Completed"):
        await edge.post("/v1/track", track(event))
    await edge.post("/v1/identify", {"userId": "u1"})

    assert counts(noted(edge)) == {
        ("accepted", "Product Added", ""): 2,
        ("accepted", "Order Completed", ""): 1,
        ("accepted", "identify", ""): 1,
    }


async def test_a_rejected_message_is_kept_with_its_reason_under_its_event_id() -> None:
    edge = Edge()
    await edge.post("/v1/track", {"event": "x", "messageId": "m7"})
    (item,) = noted(edge).aside

    assert item.event_id == accepted_event_id("demo", "shop", "m7")
    assert (item.outcome, item.reason) == ("rejected", "no_identity")
    assert (item.source, item.received_at) == ("shop", NOW)


async def test_what_breaks_the_plan_is_counted_by_event_and_path_whatever_became_of_it() -> None:
    edge = Edge(configuration=configuration(plan=PLAN))
    await edge.post("/v1/track", track("Order Completed", "m1"))
    await edge.post("/v1/track", track("Cart Viewed", "m2"))
    await edge.post("/v1/track", track("Nobody Knows", "m3"))
    found = counts(noted(edge))

    missing = "breaks required of the plan's schema: {} is missing"
    assert found["flagged", "Order Completed", missing.format("order_id")] == 1
    assert found["flagged", "Cart Viewed", missing.format("cart_id")] == 1
    assert found["flagged", "Nobody Knows", "the event is not in the tracking plan"] == 1
    assert found["rejected", "schema_violation", ""] == 1
    assert found["rejected", "unknown_event", ""] == 1
    assert {item.outcome for item in noted(edge).aside} == {"flagged", "rejected"}


async def test_a_bots_messages_are_named_by_their_ids_and_no_more() -> None:
    edge = Edge()
    headers = {"origin": ORIGIN, "user-agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}
    reply = await edge.post("/v1/track", track(), key=BROWSER_KEY, headers=headers)
    await edge.tell()
    (record,) = edge.refusals.records
    (item,) = noted(edge).aside

    assert reply.json["ignored"] == 1
    assert b"u1" not in (record.value or b"")
    assert (item.outcome, item.reason) == ("ignored", "bot")
    assert item.event_id == accepted_event_id("demo", "site", "m1")


async def test_messages_beyond_the_rate_are_counted_and_told_once_a_second() -> None:
    edge = Edge()
    batch = {"batch": [{"type": "track", **track(message_id=str(n))} for n in range(500)]}
    statuses = [(await edge.post("/v1/batch", batch)).status for _ in range(4)]
    await edge.tell()

    assert statuses == [200, 429, 429, 429]
    assert len(edge.refusals.records) == 1
    assert counts(noted(edge))["refused", "too_fast", ""] == 1500


async def test_names_of_strangers_do_not_pile_up() -> None:
    edge = Edge()
    for number in range(MOST_NAMES + 10):
        await edge.post("/v1/track", track(f"event {number:04}"))
        edge.seconds += 1
    found = counts(noted(edge))

    assert found["accepted", OTHERS, ""] == 10
    assert len(found) == MOST_NAMES + 1


async def test_a_mail_address_in_a_name_is_not_kept() -> None:
    edge = Edge()
    await edge.post("/v1/track", track("Mailed ada@example.com"))

    assert ("accepted", "Mailed [removed]", "") in counts(noted(edge))


def test_what_is_no_record_of_ours_amounts_to_nothing_until_its_fold_says_why() -> None:
    poison = {"reason": b"undecodable", "detail": b"", "origin_offset": b"7"}
    found = tallied(
        [
            Arrived("ingest.events/0/7", NOW, b"\x00\x01", {}),
            Arrived("ingest.events.quarantine/0/0", NOW, b"\x00\x01", poison),
        ]
    )

    assert counts(found) == {("rejected", "undecodable", ""): 1}


@pytest.mark.parametrize(("ago", "hour"), [(timedelta(minutes=5), 3), (timedelta(hours=2), 0)])
def test_a_report_tells_the_last_hour_from_the_day(ago: timedelta, hour: int) -> None:
    reception = Reception("demo", "shop", NOW - ago, "accepted", "x", "", 3, NOW - ago, None)
    (found,) = report({("demo", "shop"): "server"}, [reception], {}, NOW)
    (line,) = found.of("accepted")

    assert (line.hour, line.day) == (hour, 3)


def test_a_source_that_never_sent_anything_is_reported_too() -> None:
    (found,) = report({("demo", "shop"): "server"}, [], {}, NOW)

    assert (found.last_seen, found.of("accepted")) == (None, [])


async def test_a_call_that_there_is_not_is_counted_under_no_name() -> None:
    edge = Edge()
    await edge.post("/v1/batch", {"batch": [track() | {"type": "a call for Anna"}]})

    assert counts(noted(edge)) == {("accepted", "(unknown)", ""): 1}


def test_of_what_a_stranger_makes_up_nothing_personal_is_kept() -> None:
    said = EventAccepted(
        source="anna@example.com",
        message_id="m1",
        received_at=NOW,
        protocol="segment",
        call="a call for Anna",
        body=msgspec.Raw(b'{"event": "x"}'),
        flaw="Anna is flawed",
        flaw_detail="for Anna",
    )
    event = encode_event(
        said,
        id=accepted_event_id("demo", "feed", "m1"),
        source="/a/feed",
        subject="u1",
        time=NOW,
        workspace="demo",
        correlationid=accepted_event_id("demo", "feed", "m1"),
    )
    tallies = tallied([Arrived("ingest.events/0/0", NOW, event_bytes(event), {})])

    assert counts(tallies) == {("accepted", "(unknown)", ""): 1}
    assert [key.source for key in tallies.counts] == ["[removed]"]
    assert tallies.aside == []


def test_what_no_workspace_can_be_called_is_nobodys() -> None:
    said = EventAccepted(
        source="feed",
        message_id="m1",
        received_at=NOW,
        protocol="segment",
        body=msgspec.Raw(b'{"type": "track", "event": "Product Added"}'),
    )
    event = encode_event(
        said,
        id=accepted_event_id("demo", "feed", "m1"),
        source="/a/feed",
        subject="u1",
        time=NOW,
        workspace="anna@example.com",
        correlationid=accepted_event_id("demo", "feed", "m1"),
    )
    taken = Arrived("ingest.events/0/0", NOW, event_bytes(event), {})
    aside = taken._replace(place="ingest.events.quarantine/0/0", headers={"reason": b"unknown_workspace"})  # fmt: skip

    tallies = tallied([taken, aside])
    assert {key.workspace for key in tallies.counts} == {"(unknown)"}
    assert {item.workspace for item in tallies.aside} == {"(unknown)"}
