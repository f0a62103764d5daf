"""Whose a request is: eleven cases for each vendor, at the edge as it stands."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from services.ingest.tests.edge import Edge
from services.ingest.tests.making import NOW
from services.ingest.tests.vendors import (
    ALL,
    HUBSPOT,
    NEW,
    OLD,
    SALESFORCE,
    SHOPIFY,
    SIGNED,
    WOOCOMMERCE,
    WRONG,
    Headers,
    Sent,
    hooked,
)

each_vendor = pytest.mark.parametrize("vendor", ALL, ids=lambda v: v.kind)
each_signed = pytest.mark.parametrize("vendor", SIGNED, ids=lambda v: v.kind)
each_timed = pytest.mark.parametrize("vendor", [v for v in SIGNED if v.timed], ids=lambda v: v.kind)


def refused(edge: Edge, status: int, reply_status: int) -> None:
    assert reply_status == status
    assert edge.events.records == []
    assert edge.quarantine.records == []


def with_signature(vendor: Sent, change: Callable[[str], str]) -> Callable[[Headers], Headers]:
    return lambda headers: [(k, change(v) if k == vendor.header else v) for k, v in headers]


@each_vendor
async def test_what_is_signed_rightly_is_taken(vendor: Sent) -> None:
    edge = hooked()
    reply = await vendor.to(edge)

    assert reply.status == 200
    assert edge.events.records
    assert edge.quarantine.records == []


@each_vendor
async def test_a_wrong_secret_is_refused(vendor: Sent) -> None:
    edge = hooked()
    reply = await vendor.to(edge, secret=WRONG)

    refused(edge, 401, reply.status)
    assert reply.json["error"] == "wrong_signature"


@each_vendor
async def test_the_old_secret_counts_as_long_as_it_is_listed(vendor: Sent) -> None:
    edge = hooked()

    assert (await vendor.to(edge, secret=OLD)).status == 200
    del edge.secrets["HOOK_OLD"]
    assert (await vendor.to(edge, secret=OLD)).status == 401
    assert (await vendor.to(edge, secret=NEW)).status == 200


@each_signed
async def test_one_flipped_byte_is_refused(vendor: Sent) -> None:
    edge = hooked()
    flipped = bytearray(vendor.body)
    flipped[len(flipped) // 2] ^= 1

    refused(edge, 401, (await vendor.to(edge, sent=bytes(flipped))).status)


async def test_of_what_is_not_signed_another_organisation_is_refused() -> None:
    edge = hooked()
    other = SALESFORCE.body.replace(b"00D24000000abcdEAA", b"00D24000000abceEAA")
    reply = await SALESFORCE.to(edge, sent=other)

    refused(edge, 401, reply.status)
    assert reply.json["error"] == "wrong_account"


@each_signed
async def test_the_same_json_written_otherwise_is_refused(vendor: Sent) -> None:
    edge = hooked()
    again = json.dumps(json.loads(vendor.body), separators=(",", ":")).encode()

    refused(edge, 401, (await vendor.to(edge, sent=again)).status)


@each_signed
async def test_a_missing_header_is_refused(vendor: Sent) -> None:
    edge = hooked()
    reply = await vendor.to(edge, change=lambda h: [(k, v) for k, v in h if k != vendor.header])

    refused(edge, 401, reply.status)
    assert reply.json["error"] == "no_signature"


async def test_a_missing_token_is_refused() -> None:
    edge = hooked()
    reply = await edge.request("POST", "/v1/hooks/salesforce", SALESFORCE.body)

    refused(edge, 401, reply.status)


@each_signed
@pytest.mark.parametrize("first", [True, False])
async def test_a_header_twice_is_refused(vendor: Sent, first: bool) -> None:
    edge = hooked()
    other = [(vendor.header, "v1,AAAA")]
    reply = await vendor.to(edge, change=lambda h: other + h if first else h + other)

    refused(edge, 401, reply.status)
    assert reply.json["error"] == "header_twice"


async def test_a_token_twice_is_refused() -> None:
    edge = hooked()
    path = f"/v1/hooks/salesforce?token=x&token={NEW}"

    refused(edge, 401, (await edge.request("POST", path, SALESFORCE.body)).status)


@each_vendor
async def test_a_body_that_is_too_large_is_refused(vendor: Sent) -> None:
    edge = hooked()
    large = b" " * (4 * 1024 * 1024) + vendor.body

    refused(edge, 413, (await vendor.to(edge, body=large)).status)


@each_timed
@pytest.mark.parametrize("minutes", [-6, 6])
async def test_six_minutes_are_too_far_from_now(vendor: Sent, minutes: int) -> None:
    edge = hooked()
    reply = await vendor.to(edge, at=NOW + timedelta(minutes=minutes))

    refused(edge, 401, reply.status)
    assert reply.json["error"] == "too_old"


@each_timed
@pytest.mark.parametrize("minutes", [-4, 4])
async def test_four_minutes_are_not(vendor: Sent, minutes: int) -> None:
    assert (await vendor.to(hooked(), at=NOW + timedelta(minutes=minutes))).status == 200


@each_vendor
async def test_a_replay_is_the_same_event(vendor: Sent) -> None:
    edge = hooked()
    first = await vendor.to(edge)
    sent = len(edge.stored)
    edge.now += timedelta(minutes=1)
    again = await vendor.to(edge)

    assert (first.status, again.status) == (200, 200)
    ids = [event.id for event, _ in edge.stored]
    assert ids[:sent] == ids[sent:]
    assert len(set(ids)) == sent


@each_signed
async def test_hex_is_not_taken_for_base64_nor_the_other_way_round(vendor: Sent) -> None:
    def other(text: str) -> str:
        head, sign, tail = text.rpartition("v1,") if "v1," in text else text.rpartition("v1=")
        tail, comma, rest = tail.partition(",") if sign == "v1=" else (tail, "", "")
        if vendor.coding == "hex":
            return head + sign + base64.b64encode(bytes.fromhex(tail)).decode() + comma + rest
        return head + sign + base64.b64decode(tail).hex()

    edge = hooked()

    refused(edge, 401, (await vendor.to(edge, change=with_signature(vendor, other))).status)


async def test_a_repeated_second_of_woocommerce_does_not_hide_an_order() -> None:
    edge = hooked()
    other = WOOCOMMERCE.body.replace(b"727", b"728")
    await WOOCOMMERCE.to(edge, message_id="same second")
    await WOOCOMMERCE.to(edge, message_id="same second", body=other)

    assert len({event.id for event, _ in edge.stored}) == 2


async def test_topics_of_one_action_are_several_events() -> None:
    edge = hooked()
    await SHOPIFY.to(edge)
    await SHOPIFY.to(
        edge,
        change=lambda h: [(k, "orders/updated" if k == "X-Shopify-Topic" else v) for k, v in h],
    )

    assert len({event.id for event, _ in edge.stored}) == 2


async def test_the_public_address_is_what_hubspot_signs() -> None:
    edge = hooked()
    headers = HUBSPOT.sign(HUBSPOT.body, NEW, NOW, "")

    assert (
        await edge.request("POST", "/v1/hooks/hubspot?x=1", HUBSPOT.body, headers)
    ).status == 401
