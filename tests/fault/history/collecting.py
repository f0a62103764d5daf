"""Reads a whole stack when a run is over: all topics to their ends, all tables in one snapshot each, all mails."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from common.contracts import load_topics
from common.kafka import KafkaLog
from common.postgres import Database
from common.streaming.ports import Place, Reader
from tests.fault.history.files import FileHistory, Writer
from tests.fault.history.mails import new_mails
from tests.fault.history.model import SERVICES, TABLES

_BATCH = 10_000
_SILENT = 50
"""So many empty polls mean that the rest was compacted away."""


async def collect(
    folder: Path, log: KafkaLog, databases: Mapping[str, str], mailbox: Path
) -> FileHistory:
    """Write everything into the folder; `databases` gives each service's URL."""
    history = FileHistory(folder, log.partitions)
    for service in SERVICES:
        await _tables(history, service, databases[service])
    places = [
        Place(topic.name, partition)
        for topic in load_topics(log.partitions)
        for partition in range(topic.partitions)
    ]
    async with log.reader() as reader:
        await _records(history, places, reader)
    writer = Writer(folder / "mails")
    for mail in new_mails(mailbox, set()):
        writer.write(mail)
    writer.close()
    return history


async def _records(history: FileHistory, places: Collection[Place], reader: Reader) -> None:
    """All places side by side, each to the end that it has now."""
    bounds = await reader.bounds(places)
    for place, bound in bounds.items():
        history.note(place, bound)
    ahead = {place: bound.end for place, bound in bounds.items() if bound.begin < bound.end}
    writers = {place: Writer(history.log(place)) for place in ahead}
    await reader.assign({place: bounds[place].begin for place in ahead})
    silent = 0
    while ahead and silent < _SILENT:
        fetched = await reader.poll(_BATCH, 0.2)
        silent = 0 if fetched else silent + 1
        for item in fetched:
            if item.offset < bounds[item.place].end:
                writers[item.place].record(item)
        done = {item.place for item in fetched if item.offset + 1 >= bounds[item.place].end}
        reader.pause(done)
        for place in done:
            ahead.pop(place, None)
    for writer in writers.values():
        writer.close()


async def _tables(history: FileHistory, service: str, url: str) -> None:
    async with Database.connect(
        url, schema=service, application_name="history", connections=1
    ) as database:
        for name, (_, columns) in TABLES.items():
            owner, table = name.split(".")
            if owner == service:
                writer = Writer(history.table(name))
                for row in await database.fetch(f"SELECT {columns} FROM {table}"):  # noqa: S608 - constants of ours
                    writer.write(tuple(row))
                writer.close()
