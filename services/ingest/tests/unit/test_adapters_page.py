"""The pages about webhooks do what they say: the example vendor works, the example sources are read."""

from __future__ import annotations

import hashlib
import hmac
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from common.configuration import parse_workspace
from common.contracts.ingestion import EventAccepted
from ingest.domain.collecting import Message
from ingest.domain.segment import consents_of, traits_of
from ingest.domain.webhooks import (
    PROTOCOL,
    VENDORS,
    ForgedError,
    Heading,
    Request,
    Vendor,
    judge_item,
    read,
    verified,
)
from services.ingest.tests.making import NOW
from services.ingest.tests.vendors import as_json

DOCS = Path(__file__).parents[4] / "docs"
SECRET = "ticketbox-secret"  # noqa: S105 - of the example
PAID: dict[str, Any] = {
    "id": "tb_1",
    "type": "order.paid",
    "buyer": {"mail": "Ada@Example.com", "name": "Ada Beispiel", "newsletter": True},
    "order": {"number": 17, "cents": 4250, "currency": "EUR", "paid_at": "2026-03-01T11:59:00Z"},
    "tickets": [{"event_id": "e9", "event": "Orgelkonzert", "seats": 2}],
}


def block(page: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def vendor() -> Vendor:
    names: dict[str, Any] = {}
    exec(compile(block("adapters.md", "python"), "adapters.md", "exec"), names)  # noqa: S102 - our own page
    found = names["TICKETBOX"]
    assert isinstance(found, Vendor)
    return found


def request(body: bytes, secret: str = SECRET) -> Request:
    signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-ticketbox-signature": [signature]}
    return Request("POST", "https://ingest.example/v1/hooks/tickets", headers, body, NOW)


def test_a_vendor_is_fewer_than_60_lines() -> None:
    assert len(block("adapters.md", "python").splitlines()) < 60


def test_the_vendor_of_the_page_is_understood() -> None:
    vendors = {**VENDORS, "ticketbox": vendor()}
    (item,) = verified(vendor(), request(as_json(PAID)), [SECRET], None)
    heading = Heading("ticketbox", item.topic)
    judged = judge_item(item, 0, heading, source="tickets", received_at=NOW, vendors=vendors)
    assert isinstance(judged, Message)
    payload = EventAccepted(
        protocol=PROTOCOL,
        received_at=NOW,
        source="tickets",
        body=msgspec.Raw(judged.raw),
        call=judged.call,
    )
    order, person, consent = read(payload, vendors)

    assert item.message_id == "tb_1"
    assert order.event == "Order Completed"
    assert (order.properties["total"], order.properties["products"][0]["quantity"]) == (42.5, 2)
    assert traits_of(person) == {
        "email": "ada@example.com",
        "first_name": "Ada",
        "last_name": "Beispiel",
    }
    assert [s.granted for s in consents_of(consent, UUID(int=1))] == [True]
    assert [who.value.rpartition(":")[0] for who in order.identifiers] == [
        "tickets:email",
        "tickets:order",
    ]


def test_the_vendor_of_the_page_refuses_what_is_not_its_own() -> None:
    with pytest.raises(ForgedError, match="wrong_signature"):
        verified(vendor(), request(as_json(PAID), "another-secret"), [SECRET], None)


def test_the_sources_of_the_page_are_read() -> None:
    more = "brand: {name: S, url: 'https://s.example/', imprint: S}\nlocales: [de]\n"
    found = parse_workspace("shop", block("connect/webhooks.md", "yaml") + more)

    assert {source.kind for source in found.sources.values()} == set(VENDORS)


@pytest.mark.parametrize("kind", [k for k in VENDORS if k not in {"hubspot", "standard"}])
def test_every_topic_is_on_the_page(kind: str) -> None:
    page = (DOCS / "connect/webhooks.md").read_text().partition("## What becomes")[2]
    line = next(line for line in page.splitlines() if line.startswith(f"| `{kind}`"))
    told = {topic for name in re.findall(r"`([^`]+)`", line) for topic in _unfolded(name)}

    missing = [t for t in VENDORS[kind].topics if not any(re.fullmatch(p, t) for p in told)]
    assert missing == []


def _unfolded(name: str) -> list[str]:
    folded = re.fullmatch(r"(.*)\{(.*)\}(.*)", name)
    if folded is None:
        return [re.escape(name).replace(r"\*", ".*")]
    return [re.escape(folded[1] + part + folded[3]) for part in folded[2].split(",")]
