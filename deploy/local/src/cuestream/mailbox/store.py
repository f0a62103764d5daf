"""Mails as files: one that was answered 250 is on the disk, whole, whoever dies afterwards."""

from __future__ import annotations

import asyncio
import os
from bisect import insort
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from common.clock import from_millis, to_millis, utc_now
from cuestream.mailbox.reading import Message, Summary, read_message, read_summary

_SUFFIX = ".eml"
_WRITERS = 8  # the file system makes one journal entry of what several sync at once


@dataclass(frozen=True, slots=True, order=True)
class Kept:
    """One mail on disk; ids sort by arrival."""

    id: str
    size: int

    @property
    def created(self) -> datetime:
        """When it came, to the millisecond: the id begins with it."""
        return from_millis(int(self.id[:12], 16))


class Mails:
    """All mails of a folder. Only ids and sizes are held; a mail is parsed when it is first listed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._kept = sorted(_scan(folder))
        self._last = int(self._kept[-1].id, 16) if self._kept else 0
        self._summaries: dict[str, Summary] = {}
        self._read: set[str] = set()
        self._writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="mail")

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def unread(self) -> int:
        """How many nobody has opened since this process started."""
        return len(self._kept) - len(self._read)

    async def keep(self, sender: str, recipients: Sequence[str], content: bytes) -> str:
        """Write a mail to the disk; returns its id once it is safe there."""
        self._last = max(self._last + 1, to_millis(utc_now()) << 16)
        id_ = f"{self._last:016x}"
        envelope = f"Return-Path: <{sender}>\r\nDelivered-To: {', '.join(recipients)}\r\n"
        data = envelope.encode(errors="surrogateescape") + content
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writers, _write, self._folder, id_, data)
        insort(self._kept, Kept(id_, len(data)))
        return id_

    def latest(self) -> str | None:
        """The newest mail's id."""
        return self._kept[-1].id if self._kept else None

    def newest(self, start: int, limit: int) -> list[Summary]:
        """Summaries, newest first; parses what was never listed, so call it off the event loop."""
        end = len(self._kept) - start
        chosen = self._kept[max(0, end - limit) : max(0, end)]
        return [self._summary(kept) for kept in reversed(chosen)]

    def message(self, id_: str) -> Message | None:
        """One mail in full, from now on read; None when there is none with this id."""
        raw = self.raw(id_)
        if raw is None:
            return None
        self._read.add(id_)
        return read_message(id_, Kept(id_, len(raw)).created, raw)

    def raw(self, id_: str) -> bytes | None:
        """The mail as it came, with the envelope as its first two headers."""
        if len(id_) != 16 or not id_.isalnum():  # an id never names another file
            return None
        try:
            return (self._folder / f"{id_}{_SUFFIX}").read_bytes()
        except FileNotFoundError:
            return None

    def close(self) -> None:
        """Finish writing."""
        self._writers.shutdown()

    def _summary(self, kept: Kept) -> Summary:
        found = self._summaries.get(kept.id)
        if found is None:
            raw = (self._folder / f"{kept.id}{_SUFFIX}").read_bytes()
            found = self._summaries[kept.id] = read_summary(kept.id, kept.created, raw)
        found.Read = kept.id in self._read
        return found


def _scan(folder: Path) -> list[Kept]:
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(_SUFFIX):
                found.append(Kept(entry.name.removesuffix(_SUFFIX), entry.stat().st_size))
            else:
                Path(entry.path).unlink()  # was being written when the process died; not answered
    return found


def _write(folder: Path, id_: str, data: bytes) -> None:
    draft, path = folder / f"{id_}.part", folder / f"{id_}{_SUFFIX}"
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)  # the name too
    finally:
        os.close(directory)
