"""Every place where personal data might have got to, as texts to look through."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx

from common.contracts import load_topics
from common.streaming.ports import Fetched, Place
from cuestream.reaching.installation import Installation, find_installation
from cuestream.reaching.log import open_log

TOPICS = frozenset({"ingest.events", "profile.contacts"})
"""Beside the quarantines, where personal data may be: design.md, PII."""
TABLES = frozenset(
    {
        "ingest.identities",
        "ingest.profiles",
        "ingest.consents",
        "ingest.accounts",
        "dispatcher.recipients",
    }
)
_PACKED = re.compile(rb"[A-Za-z0-9+/_-]{40,}={0,2}")


@dataclass(frozen=True)
class Text:
    """A text and where it stands."""

    where: str
    text: bytes


async def everywhere(data: Path) -> AsyncIterator[Text]:
    """All but what is there to hold personal data."""
    installation = find_installation(data)
    for found in (*logs(data), *metrics(installation)):
        yield found
    async for found in records(installation):
        yield found
    async for found in rows(installation):
        yield found


def logs(data: Path) -> Iterator[Text]:
    for path in sorted((data / "logs").iterdir()):
        yield Text(f"log {path.name}", path.read_bytes())


def metrics(installation: Installation) -> Iterator[Text]:
    for name, url in installation.processes.items():
        yield Text(f"metrics of {name}", httpx.get(f"{url}/metrics").content)


async def records(installation: Installation) -> AsyncIterator[Text]:
    """Headers of all topics; keys and values of those that hold none."""
    async with open_log(installation) as log, log.reader() as reader:
        places = [
            Place(topic.name, partition)
            for topic in load_topics(log.partitions)
            for partition in range(topic.partitions)
        ]
        bounds = await reader.bounds(places)
        await reader.assign({place: bound.begin for place, bound in bounds.items()})
        missing = {place for place, bound in bounds.items() if bound.end > bound.begin}
        while missing:
            for item in await reader.poll(2_000, 0.2):
                for found in _parts(item):
                    yield found
                if item.offset + 1 >= bounds[item.place].end:
                    missing.discard(item.place)


def _parts(item: Fetched) -> Iterator[Text]:
    topic = item.place.topic
    for name, value in item.headers.items():
        yield Text(f"header {name} of {topic}", value or b"")
    if topic in TOPICS or topic.endswith(".quarantine"):
        return
    yield Text(f"key of {topic}", item.key or b"")
    value = item.value or b""
    kind = re.search(rb'"type":\s*"([^"]*)"', value)
    yield Text(f"{kind[1].decode() if kind else 'value'} of {topic}", unpacked(value))


async def rows(installation: Installation) -> AsyncIterator[Text]:
    """Every table of every service but those of people."""
    for schema, url in installation.databases.items():
        connection = await asyncpg.connect(url)
        try:
            tables = await connection.fetch(
                "SELECT tablename FROM pg_tables WHERE schemaname = $1", schema
            )
            for (table,) in tables:
                name = f"{schema}.{table}"
                if name in TABLES:
                    continue
                for row in await connection.fetch(f'SELECT * FROM "{schema}"."{table}"'):  # noqa: S608 - its own name
                    for column, value in row.items():
                        text = value if isinstance(value, bytes) else str(value).encode()
                        yield Text(f"column {name}.{column}", unpacked(text))
        finally:
            await connection.close()


def unpacked(text: bytes) -> bytes:
    """With what stands in it in base64, as bytes do in JSON."""
    found = [text]
    for match in _PACKED.finditer(text):
        packed = match[0].replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
        found.append(base64.b64decode(packed + b"=" * (-len(packed) % 4)))
    return b"\n".join(found)
