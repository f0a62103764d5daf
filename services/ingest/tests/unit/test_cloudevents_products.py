"""CloudEvents that tell of products: of nobody, for the catalog."""

from __future__ import annotations

import pytest

from common.consuming import Record
from common.contracts.catalog import ProductChanged
from ingest.domain.reading import read
from services.ingest.tests.binding import ADDRESS, ATTRIBUTES, STRUCTURED
from services.ingest.tests.edge import BROWSER_KEY, ORIGIN, SERVER_KEY, Edge
from services.ingest.tests.making import NOW, Shop


@pytest.mark.parametrize(
    "type_",
    ["Product Updated", "product.updated", "com.example.product.updated.v1", "product_updated"],
)
@pytest.mark.parametrize("subject", [{}, {"subject": "u1", "anonymousid": "a1"}])
async def test_what_is_said_of_a_product_is_of_nobody_and_reaches_the_catalog(
    type_: str, subject: dict[str, str]
) -> None:
    edge = Edge()
    body = {**ATTRIBUTES, "type": type_, "data": {"product_id": "p1", "name": "Mug", "stock": 2}}
    del body["subject"]
    reply = await edge.post(ADDRESS, {**body, **subject}, headers=STRUCTURED)

    assert reply.status == 200, reply.body
    ((stored_event, payload),) = edge.stored
    assert [record.key for record in edge.events.records] == [b"product:p1"]
    (call,) = read(payload)
    assert (call.event, call.identifiers) == ("Product Updated", ())
    shop = Shop()
    (told,) = shop.folds(Record("ingest.events", 0, 0, NOW, NOW, stored_event))
    assert isinstance(told, ProductChanged)
    assert (told.product_id, told.name, told.stock) == ("p1", "Mug", 2)


async def test_a_deleted_product_is_told_apart() -> None:
    edge = Edge()
    body = {**ATTRIBUTES, "type": "com.example.product.deleted", "data": {"product_id": "p1"}}
    await edge.post(ADDRESS, body, headers=STRUCTURED)

    ((_, payload),) = edge.stored
    assert [call.event for call in read(payload)] == ["Product Deleted"]


@pytest.mark.parametrize(
    ("key", "data", "reason"),
    [
        (BROWSER_KEY, {"product_id": "p1"}, "server_key_needed"),
        (SERVER_KEY, {"product_id": "p1", "available": "perhaps"}, "unknown_availability"),
        (SERVER_KEY, {}, "no_identity"),
    ],
)
async def test_what_cannot_be_said_of_a_product_is_refused(
    key: str, data: dict[str, str], reason: str
) -> None:
    body = {"specversion": "1.0", "id": "1", "source": "/s", "type": "product.updated"}
    headers = {**STRUCTURED, "origin": ORIGIN}
    reply = await Edge().post(ADDRESS, {**body, "data": data}, key=key, headers=headers)

    assert (reply.status, reply.json["error"]) == (400, reason)
