"""One run: line after line becomes messages, bundles are handed over, and what is settled is remembered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from cuestream.importing.events import Message
from cuestream.importing.kinds import Meaning
from cuestream.importing.lines import Bad, BadLineError, Row
from cuestream.importing.memory import Settled
from cuestream.importing.sending import Refused

BUNDLE = 500
"""Messages handed over at once."""
_BYTES = 400 * 1024
LARGEST = 32 * 1024
"""Bytes that the edge takes of a message."""
_TOLD = 1_000
"""Bad lines that are kept to be told one by one; beyond them, they are counted."""


class Sends(Protocol):
    """Hands a bundle over."""

    async def send(self, entries: Sequence[Mapping[str, Any]]) -> list[Refused]: ...


@dataclass(frozen=True, slots=True)
class Item:
    """A line and what it says, encoded to see how large it is."""

    line: int
    messages: Sequence[Message]
    size: int


@dataclass(slots=True)
class Tally:
    """What became of the lines."""

    lines: int = 0
    accepted: int = 0
    """Messages; a line may say more than one thing."""
    left_out: int = 0
    by_name: Counter[str] = field(default_factory=Counter)
    """Messages by what they say."""
    reasons: Counter[str] = field(default_factory=Counter)
    bad: list[Bad] = field(default_factory=list)

    def leave_out(self, bad: Bad) -> None:
        self.left_out += 1
        self.reasons[bad.reason] += 1
        if len(self.bad) < _TOLD:
            self.bad.append(bad)


def items(
    rows: Iterable[Row | Bad], meaning: Meaning, prefix: str, *, after: int = 0
) -> Iterator[Item | Bad]:
    """What the lines behind `after` say. A message without an id of its own gets the line's, the same in every run.

    Without a prefix none gets one: what is said of an address may be said twice.
    """
    for row in rows:
        if row.line <= after:
            continue
        yield row if isinstance(row, Bad) else _item(row, meaning, prefix)


def _item(row: Row, meaning: Meaning, prefix: str) -> Item | Bad:
    try:
        messages = meaning(row)
    except BadLineError as error:
        return Bad(row.line, error.reason, error.detail)
    ids = [f"{prefix}:{row.line}"]
    ids += [f"{prefix}:{row.line}:{number}" for number in range(2, len(messages) + 1)]
    if prefix:
        messages = [{"messageId": id_, **said} for id_, said in zip(ids, messages, strict=True)]
    sizes = [len(msgspec.json.encode(message)) for message in messages]
    if max(sizes) > LARGEST:
        return Bad(row.line, "event_too_large", f"{max(sizes)} bytes, {LARGEST} are allowed")
    return Item(row.line, messages, sum(sizes))


def bundles(found: Iterable[Item | Bad]) -> Iterator[list[Item | Bad]]:
    """Lines together, so many that one request takes them; in their order."""
    bundle: list[Item | Bad] = []
    messages = size = 0
    for one in found:
        if isinstance(one, Item):
            if bundle and (messages + len(one.messages) > BUNDLE or size + one.size > _BYTES):
                yield bundle
                bundle, messages, size = [], 0, 0
            messages += len(one.messages)
            size += one.size
        elif len(bundle) >= _TOLD:
            yield bundle
            bundle, messages, size = [], 0, 0
        bundle.append(one)
    if bundle:
        yield bundle


async def bring_in(
    found: Iterable[Item | Bad],
    sender: Sends,
    settled: Settled,
    remember: Callable[[Settled], None],
    moved: Callable[[Tally], None] = lambda _: None,
) -> Tally:
    """Hand all over; each bundle is remembered as soon as it is acknowledged.

    Raises:
        CommandError: as the sender; what was acknowledged until then stays remembered.
    """
    tally, now = Tally(), settled
    for bundle in bundles(found):
        await _hand_over(bundle, sender, tally)
        now = msgspec.structs.replace(
            settled,
            line=bundle[-1].line,
            accepted=settled.accepted + tally.accepted,
            left_out=settled.left_out + tally.left_out,
        )
        remember(now)
        moved(tally)
    remember(msgspec.structs.replace(now, done=True))
    return tally


async def _hand_over(bundle: Sequence[Item | Bad], sender: Sends, tally: Tally) -> None:
    sent = [
        (one.line, message) for one in bundle if isinstance(one, Item) for message in one.messages
    ]
    refused = {one.index: one for one in await sender.send([m for _, m in sent])} if sent else {}
    for index, (line, message) in enumerate(sent):
        if index in refused:
            tally.leave_out(Bad(line, refused[index].reason, refused[index].detail))
        else:
            tally.accepted += 1
            tally.by_name[_name(message)] += 1
    for one in bundle:
        tally.lines += 1
        if isinstance(one, Bad):
            tally.leave_out(one)


def look(found: Iterable[Item | Bad], moved: Callable[[Tally], None] = lambda _: None) -> Tally:
    """What would happen, as far as the lines alone say; nothing is handed over."""
    tally = Tally()
    for one in found:
        tally.lines += 1
        if isinstance(one, Bad):
            tally.leave_out(one)
        else:
            tally.accepted += len(one.messages)
            tally.by_name.update(_name(message) for message in one.messages)
        if tally.lines % _TOLD == 0:
            moved(tally)
    return tally


def _name(message: Message) -> str:
    """What a message says, for people: the event's name, else the call, else the channel of an address."""
    return str(message.get("event") or message.get("type") or message.get("channel"))[:100]
