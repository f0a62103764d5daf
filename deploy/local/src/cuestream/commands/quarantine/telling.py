"""Prints what lies in the quarantines: groups and rows, and one item with what its cause means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from cuestream.commands.quarantine.items import Item, group
from cuestream.commands.quarantine.reasons import advice
from cuestream.console import print_table, say

_TONES = {"open": "yellow", "retried": "green", "discarded": "dim"}


def plain(item: Item, *, body: bool = False) -> Mapping[str, Any]:
    """An item for programs; its record only where asked for: it may hold personal data."""
    place, offset = item.origin
    means, then = advice(item)
    told: dict[str, Any] = {
        "id": item.spot.text,
        "state": item.state,
        "kind": item.kind,
        "service": item.service,
        "reason": item.reason,
        "detail": item.header("detail"),
        "appended_at": item.fetched.appended_at,
        "origin": {"topic": place.topic, "partition": place.partition, "offset": offset},
        "copies": item.copies,
        "means": means,
        "then": then,
        "settled": None if item.settled is None else item.settled._asdict(),
        "bytes": len(item.fetched.value or b""),
    }
    return told | {"record": _text(item)} if body else told


def plain_groups(items: Sequence[Item]) -> list[Mapping[str, Any]]:
    return [
        {
            "service": one.service,
            "topic": one.topic,
            "reason": one.reason,
            "count": len(one.items),
            "oldest_at": one.items[0].fetched.appended_at,
            "newest_at": one.items[-1].fetched.appended_at,
        }
        for one in group(items)
    ]


def tell_groups(items: Sequence[Item]) -> None:
    """How many of each cause."""
    table = _table("", "service", "from", "reason", "oldest", "newest")
    for one in group(items):
        first, last = one.items[0].fetched.appended_at, one.items[-1].fetched.appended_at
        told = (str(len(one.items)), one.service, one.topic, one.reason, _when(first), _when(last))
        table.add_row(*map(Text, told))
    print_table(table)


def tell_rows(items: Sequence[Item]) -> None:
    """One line each."""
    table = _table("ID", "set aside", "service", "reason", "state")
    for item in items:
        told = (item.spot.text, _when(item.fetched.appended_at), item.service, item.reason)
        table.add_row(*map(Text, told), Text(item.state, style=_TONES[item.state]))
    print_table(table)


def tell_one(item: Item, *, body: bool) -> None:
    """All that is known of it."""
    means, then = advice(item)
    say(f"{item.spot.text}, a {item.kind}, is {item.state}.")
    table = Table.grid(padding=(0, 2))
    for name, value in _facts(item):
        if value:
            table.add_row(Text(f"  {name}", style="dim"), Text(value))
    print_table(table)
    say(means)
    say(then)
    size = len(item.fetched.value or b"")
    if body:
        say("The record, which may hold personal data:")
        say(_text(item) or "(none: a tombstone)")
    else:
        say(f"The record has {size} bytes and may hold personal data; `--record` prints it.")


def _facts(item: Item) -> list[tuple[str, str]]:
    place, offset = item.origin
    settled = item.settled
    return [
        ("service", item.service),
        ("reason", item.reason),
        ("detail", item.header("detail")),
        ("set aside", _when(item.fetched.appended_at)),
        ("from", f"{place.topic}/{place.partition}" + (f"@{offset}" if offset >= 0 else "")),
        ("key", "" if item.kind == "message" else _key(item)),
        ("written by", item.header("origin")),
        ("copies", ", ".join(map(str, item.copies))),
        ("history", "yes: it triggers nothing" if item.header("history") else ""),
        (
            "",
            "" if settled is None else f"{settled.state} {_when(settled.at)} {settled.by}".strip(),
        ),
    ]


def _key(item: Item) -> str:
    """Only where it says nothing: on `ingest.events` it is what a client calls somebody."""
    if item.topic == "ingest.events" or item.fetched.key is None:
        return ""
    return item.fetched.key.decode("utf-8", "replace")


def _text(item: Item) -> str | None:
    value = item.fetched.value
    return None if value is None else value.decode("utf-8", "replace")


def _when(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in titles:
        table.add_column(title, justify="left" if title else "right")
    return table
