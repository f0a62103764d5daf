"""What docs/connect/kafka.md says of a record is what resolve understands."""

from __future__ import annotations

import json
from typing import Any

from common.contracts import decode_event, load_topics
from common.contracts.ingestion import EDGE, EventAccepted
from common.ids import accepted_event_id
from ingest.domain.reading import PROTOCOLS
from services.ingest.tests.making import NOW, Shop, _record, activities
from services.ingest.tests.unit.test_connect_pages import PAGES, examples

MESSAGE = {
    "type": "track",
    "userId": "u1",
    "messageId": "order-1",
    "event": "Order Completed",
    "properties": {"order_id": "o1"},
}


def made() -> dict[str, Any]:
    """What the page's own code defines."""
    code, _ = examples("kafka.md", "python")
    found: dict[str, Any] = {}
    exec(code, found)  # noqa: S102 - the page's own example
    return found


def folded(value: bytes) -> list[str]:
    event = decode_event(value)
    payload = event.payload(EventAccepted)
    record = _record("ingest.events", payload, event.id, event.subject, event.workspace, 0, 0, NOW, source=event.source)  # fmt: skip
    return [activity.name for activity in activities(Shop().folds(record))]


def test_the_record_of_the_page_is_understood() -> None:
    (text,) = examples("kafka.md", "json")

    assert folded(text.encode()) == ["Order Completed"]
    assert json.loads(text)["source"] != EDGE


def test_what_the_pages_code_makes_is_understood() -> None:
    key, value = made()["record"]("demo", "shop", MESSAGE)

    assert key == b"u1"
    assert folded(value) == ["Order Completed"]


def test_the_pages_id_is_the_one_by_which_a_message_is_found() -> None:
    assert made()["event_id"]("demo", "shop", "größe") == str(accepted_event_id("demo", "shop", "größe"))  # fmt: skip
    (text,) = examples("kafka.md", "json")
    assert json.loads(text)["id"] == made()["event_id"]("demo", "shop", "order-1")


def test_the_page_names_the_protocols_that_a_foreigner_may_write() -> None:
    text = (PAGES / "kafka.md").read_text()

    assert all(f"`{protocol}`" in text for protocol in PROTOCOLS if protocol != "webhook")
    assert not load_topics(6)["ingest.events"].sequenced
