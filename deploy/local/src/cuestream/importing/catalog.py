"""Products: tables and lists of a shop, and the feed that shops make for Google Merchant Center."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError  # for its types; read by defusedxml

import ijson
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from cuestream.importing.events import Message
from cuestream.importing.lines import Bad, BadLineError, Row
from cuestream.importing.values import first_of, moment, yes_or_no

_GOOGLE = "{http://base.google.com/ns/1.0}"
_ENTRIES = frozenset({"item", "entry"})
_LISTS = ("products", "items", "data")
_Event = tuple[str, Any]
_STEPS: Mapping[str, int] = {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}
_DEEPEST = 32
"""Levels of an entry, as the edge has it of a message."""
_TEXTS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "title"),
    "category": ("category", "product_type", "google_product_category"),
    "brand": ("brand", "vendor"),
    "sku": ("sku", "mpn", "gtin"),
    "url": ("url", "link"),
    "image_url": ("image_url", "image_link", "picture"),
    "stock": ("stock", "inventory", "quantity"),
    "status": ("status",),
}
"""Our name, and what it may be called; the first that holds anything counts."""
_AMOUNTS: Mapping[str, tuple[str, ...]] = {
    "price": ("sale_price", "price"),
    "cost": ("cost", "cost_of_goods_sold"),
    "margin": ("margin",),
}
_AMOUNT = re.compile(r"(?:([A-Za-z]{3}) *)?(-?[0-9][0-9.,' ]*)(?: *([A-Za-z]{3}))?")


def product(row: Row) -> list[Message]:
    """What a line says of a product; without a time of its own, as of now.

    Raises:
        BadLineError: it names none, or an amount or the stock is no number.
    """
    values = row.values
    product_id = first_of(values, "product_id", "id")
    if product_id is None:
        raise BadLineError("no_product", "neither product_id nor id is given")
    said = {"product_id": product_id, **_said(values)}
    if "stock" in said:
        _check_count(said["stock"])
    gone = yes_or_no(first_of(values, "deleted") or "no")
    at = moment(values, "timestamp", "updated_at")
    message: Message = {"type": "track", "event": "Product Deleted" if gone else "Product Updated"}
    if at is not None:
        message["timestamp"] = at
    return [{**message, "properties": said}]


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, theirs in _TEXTS.items():
        if (text := first_of(values, *theirs)) is not None:
            said[name] = text
    for name, theirs in _AMOUNTS.items():
        if (text := first_of(values, *theirs)) is not None:
            said[name] = _amount(text, said)
    if (currency := first_of(values, "currency")) is not None:
        said["currency"] = currency
    for column in ("available", "availability"):
        if (value := values.get(column)) not in (None, ""):
            said.setdefault("available", value)  # what it may say, ingest knows
    return said


def _check_count(text: str) -> None:
    """Refuse what ingest would pass over, so that somebody hears of it."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BadLineError("no_count", f"{text[:40]} is not how many there are")


def _amount(text: str, said: dict[str, Any]) -> float:
    """`12.50 EUR`, `EUR 1,299.00`, `1.299,00` or a number; the currency is noted where one stands."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise BadLineError("no_amount", f"{text[:40]} is not an amount; write it like 12.50 EUR")
    if code := match[1] or match[3]:
        said.setdefault("currency", code.upper())
    digits = re.sub("[' ]", "", match[2])
    whole, mark, part = _split(digits)
    try:
        number = float(re.sub("[.,]", "", whole) + (f".{part}" if mark else ""))
    except ValueError as error:
        raise BadLineError("no_amount", f"{text[:40]} is not an amount") from error
    if not math.isfinite(number):  # no JSON holds it, and the request would fail with all its lines
        raise BadLineError("no_amount", f"{text[:40]}… is too large to be an amount")
    return number


def _split(digits: str) -> tuple[str, str, str]:
    """At the mark before the decimals: the last one, unless it is the only kind and stands before three digits again and again."""
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return digits, "", ""
    mark = digits[last]
    if digits.count(mark) > 1 or (mark == "," and "." not in digits and len(digits) - last == 4):
        return digits, "", ""
    return digits[:last], mark, digits[last + 1 :]


def of_json(file: IO[bytes]) -> Iterator[Row | Bad]:
    """The objects of a JSON array, or of the first such array within an object; what is broken ends it, as in a feed."""
    number = 0
    events = ijson.basic_parse(file)
    try:
        if not _begins(events):
            told = f"the file is no array, and has none under {', '.join(_LISTS)}"
            yield Bad(1, "not_json", told)
            return
        for entry in _entries(events):
            number += 1
            if isinstance(entry, dict):
                yield Row(number, {name: _number(value) for name, value in entry.items()})
            else:
                yield Bad(number, "not_json", "the entry is not a JSON object")
    except ijson.JSONError:
        yield Bad(number + 1, "not_json", "from here on the file is not JSON")


def _begins(events: Iterator[_Event]) -> bool:
    """Read as far as the list begins; False when there is none."""
    depth, name = 0, None
    for event, value in events:
        if event == "start_array" and (depth == 0 or (depth == 1 and name in _LISTS)):
            return True
        depth += _STEPS.get(event, 0)
        if event == "map_key" and depth == 1:
            name = value
    return False


def _entries(events: Iterator[_Event]) -> Iterator[object]:
    """One entry of the list at a time, without what it holds below the depth that means anything."""
    builder, depth = ijson.ObjectBuilder(), 0
    for event, value in events:
        if event == "end_array" and depth == 0:
            break
        before, depth = depth, depth + _STEPS.get(event, 0)
        if max(before, depth) <= _DEEPEST:
            builder.event(event, value)
        if depth == 0:
            yield builder.value
            builder = ijson.ObjectBuilder()
    for _ in events:  # to its end, so that it is told where it is broken behind the list
        pass


def _number(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value


def of_feed(file: IO[bytes]) -> Iterator[Row | Bad]:
    """The products of a feed, RSS or Atom; what is broken ends it, and what stood before is kept.

    A feed comes from somewhere else, so it is read as a stranger's: no entities, nothing fetched.
    """
    number = 0
    try:
        for number, element in enumerate(_elements(file), 1):
            yield Row(number, _fields(element))
    except DefusedXmlException as error:
        yield Bad(number + 1, "not_xml", f"what is not read: {type(error).__name__}")
    except (ParseError, ValueError, LookupError) as error:  # the latter: of its encoding
        yield Bad(number + 1, "not_xml", str(error))


def _elements(file: IO[bytes]) -> Iterator[Element]:
    """The entries, each forgotten when the next is asked for; so is all that stands between them."""
    above: list[Element] = []
    entered = 0
    for event, element in iterparse(file, ("start", "end"), forbid_dtd=True):
        entry = _bare(element.tag) in _ENTRIES
        if event == "start":
            above.append(element)
            entered += entry
            continue
        above.pop()
        entered -= entry
        if entry:
            yield element
            element.clear()
        if above and not entered:
            above[-1].remove(element)


def _fields(element: Element) -> dict[str, str]:
    """Google's own names before those of RSS and Atom."""
    found: dict[str, str] = {}
    for child in sorted(element, key=lambda child: not child.tag.startswith(_GOOGLE)):
        text = (child.text or "").strip() or child.get("href", "")
        if text:
            found.setdefault(_bare(child.tag), text)
    return found


def _bare(tag: str) -> str:
    return tag.rpartition("}")[2]
