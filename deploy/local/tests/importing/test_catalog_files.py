"""Products from tables, lists and feeds, as shops have them."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from cuestream.importing.catalog import of_feed, of_json, product
from cuestream.importing.lines import Bad, BadLineError, Row

ITEM = "<item><g:id>p{0}</g:id><id>x</id><title>Mug {0}</title></item>"
RSS = '<rss xmlns:g="http://base.google.com/ns/1.0"><channel>{}</channel></rss>'
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">
<entry><id>tag:1</id><g:id>p1</g:id><title>Mug</title><link href="https://shop.example/mug"/></entry></feed>"""
BOMB = '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><item><title>&b;</title></item></rss>'
OUTSIDE = '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss><item><title>&a;</title></item></rss>'


def said(**values: Any) -> dict[str, Any]:
    (message,) = product(Row(1, values))
    assert (message["type"], message["event"]) == ("track", "Product Updated")
    return dict(message["properties"])


def fed(text: str) -> list[Row | Bad]:
    return list(of_feed(io.BytesIO(text.encode())))


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("12.50", 12.5, None),
        ("12,50", 12.5, None),
        ("12.50 EUR", 12.5, "EUR"),
        ("eur 1,299.00", 1299.0, "EUR"),
        ("1.299,00 EUR", 1299.0, "EUR"),
        ("1,299 USD", 1299.0, "USD"),
        ("1.299.000", 1299000.0, None),
        ("1'299.50 CHF", 1299.5, "CHF"),
        ("7", 7.0, None),
    ],
)
def test_amounts_are_written_in_many_ways(text: str, amount: float, currency: str | None) -> None:
    found = said(id="p1", price=text)

    assert (found["price"], found.get("currency")) == (amount, currency)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"title": "Mug"}, "no_product"),
        ({"id": "p1", "price": "on request"}, "no_amount"),
        ({"id": "p1", "price": "inf"}, "no_amount"),
        ({"id": "p1", "cost": "nan EUR"}, "no_amount"),
        ({"id": "p1", "margin": "-Infinity"}, "no_amount"),
        ({"id": "p1", "price": "9" * 400}, "no_amount"),
        ({"id": "p1", "price": float("inf")}, "no_amount"),
        ({"id": "p1", "stock": "nan"}, "no_count"),
        ({"id": "p1", "stock": "many"}, "no_count"),
        ({"id": "p1", "stock": "9" * 400}, "no_count"),
        ({"id": "p1", "updated_at": "soon"}, "no_time"),
        ({"id": "p1", "deleted": "perhaps"}, "neither_yes_nor_no"),
    ],
)
def test_what_is_no_product_is_told(values: dict[str, str], why: str) -> None:
    with pytest.raises(BadLineError) as found:
        product(Row(1, values))

    assert found.value.reason == why


def test_what_is_on_sale_costs_less() -> None:
    found = said(id="p1", price="20.00 EUR", sale_price="15.00 EUR", availability="In Stock")

    assert (found["price"], found["available"]) == (15.0, "In Stock")


@pytest.mark.parametrize("value", [False, True, 0, "no", {"odd": 1}])
def test_what_a_file_says_of_availability_is_sent_as_it_stands(value: object) -> None:
    (message,) = product(Row(1, {"id": "p1", "available": value}))

    assert message["properties"]["available"] == value


def test_a_product_may_be_gone() -> None:
    (message,) = product(Row(1, {"id": "p1", "deleted": "yes", "updated_at": "2026-03-01"}))

    assert message["event"] == "Product Deleted"
    assert message["timestamp"] == "2026-03-01T00:00:00+00:00"


def test_a_feed_is_read_item_by_item() -> None:
    assert fed(RSS.format(ITEM.format(1) + ITEM.format(2))) == [
        Row(1, {"id": "p1", "title": "Mug 1"}),
        Row(2, {"id": "p2", "title": "Mug 2"}),
    ]
    assert fed(ATOM) == [
        Row(1, {"id": "p1", "title": "Mug", "link": "https://shop.example/mug"}),
    ]


def test_what_stands_before_a_break_is_kept() -> None:
    first, second = fed(RSS.format(ITEM.format(1) + "<item><oops>"))

    assert isinstance(first, Row)
    assert isinstance(second, Bad)
    assert (second.line, second.reason) == (2, "not_xml")


@pytest.mark.parametrize("text", [BOMB, OUTSIDE])
def test_a_feed_that_reaches_out_is_not_read(text: str) -> None:
    assert [one.reason for one in fed(text) if isinstance(one, Bad)] == ["not_xml"]
    assert len(fed(text)) == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b'[{"id": 1}, 7]', [Row(1, {"id": 1}), "not_json"]),
        (b'{"items": [{"id": 1}]}', [Row(1, {"id": 1})]),
        (b'{"other": 1}', ["not_json"]),
        (b'{"other": {"items": [1]}, "data": null, "items": [{"id": 1}]}', [Row(1, {"id": 1})]),
        (b'[{"id": 1.5, "price": 1e400}]', [Row(1, {"id": 1.5, "price": float("inf")})]),
        (b"7", ["not_json"]),
        (b"{", ["not_json"]),
        (b"", ["not_json"]),
        (b'[{"id": 1}, {"id"', [Row(1, {"id": 1}), "not_json"]),
        (b'[{"id": 1}] more', [Row(1, {"id": 1}), "not_json"]),
        (b'[{"id": "\xff"}]', ["not_json"]),
    ],
)
def test_a_list_may_stand_within_an_object(text: bytes, found: list[Any]) -> None:
    read = list(of_json(io.BytesIO(text)))

    assert [one.reason if isinstance(one, Bad) else one for one in read] == found


@pytest.mark.parametrize("encoding", ["shift_jis", "none-such"])
def test_a_feed_in_an_encoding_that_is_not_read_is_told(encoding: str) -> None:
    (told,) = fed(f'<?xml version="1.0" encoding="{encoding}"?><rss></rss>')

    assert isinstance(told, Bad)
    assert told.reason == "not_xml"


def test_what_is_nested_too_deep_for_a_product_is_passed_over() -> None:
    deep = b'[{"id": 1, "odd": ' + b"[" * 100_000 + b"]" * 100_000 + b', "stock": 3}, {"id": 2}]'

    first, second = list(of_json(io.BytesIO(deep)))

    assert isinstance(first, Row)
    assert product(first)[0]["properties"] == {"product_id": "1", "stock": "3"}
    assert second == Row(2, {"id": 2})


def listed(count: int) -> Iterator[str]:
    yield '{"shop": [1, {"a": 2}], "products": [{"id": 0}'
    for number in range(count):
        yield f',{{"id": "p{number}", "name": "Mug {number}", "more": [{{"size": 1}}]}}'
    yield "]}"


def fed_by(count: int) -> Iterator[str]:
    before, after = RSS.split("{}")
    yield before
    for number in range(count):
        yield ITEM.format(number) + "<note>between <b>them</b></note>"
    yield after


@pytest.mark.parametrize(("written", "read"), [(listed, of_json), (fed_by, of_feed)])
def test_a_large_file_takes_no_more_memory_than_a_small_one(
    written: Callable[[int], Iterator[str]],
    read: Callable[[IO[bytes]], Iterator[Row | Bad]],
    tmp_path: Path,
) -> None:
    peaks = []
    for count in (2_000, 2_000, 20_000):  # the first time, what is kept for ever is made
        with (tmp_path / "file").open("w") as file:
            file.writelines(written(count))
        with (tmp_path / "file").open("rb") as opened:
            tracemalloc.start()
            found = sum(isinstance(row, Row) for row in read(opened))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert found >= count

    assert peaks[2] < 1.5 * peaks[1]
