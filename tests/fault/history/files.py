"""A history on disk: one file of frames per partition and per table, so that a run of any length fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import msgspec

from common.clock import from_millis, to_millis
from common.streaming.ports import Bounds, Fetched, Place
from tests.fault.history.mails import Mail
from tests.fault.history.model import TABLES

_CHUNK = 1 << 17


def _plain(value: Any) -> UUID:
    """The database driver has a UUID of its own."""
    return UUID(int=value.int)


_encode = msgspec.msgpack.Encoder(enc_hook=_plain).encode


class _Frame(msgspec.Struct, array_like=True):
    offset: int
    millis: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


class Writer:
    """Frames with their length before them."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = path.open("wb", buffering=_CHUNK)

    def write(self, value: object) -> None:
        frame = _encode(value)
        self._file.write(len(frame).to_bytes(4, "big"))
        self._file.write(frame)

    def record(self, item: Fetched) -> None:
        self.write(
            _Frame(
                item.offset, to_millis(item.appended_at), item.key, item.value, dict(item.headers)
            )
        )

    def close(self) -> None:
        self._file.close()


def frames(path: Path) -> Iterator[bytes]:
    """The frames of a file; a file that is not there has none."""
    if not path.exists():
        return
    with path.open("rb", buffering=_CHUNK) as file:
        while head := file.read(4):
            yield file.read(int.from_bytes(head, "big"))


class FileHistory:
    """What `collecting` wrote into a folder."""

    def __init__(self, folder: Path, partitions: int) -> None:
        self.folder = folder
        self.partitions = partitions
        self._bounds: dict[Place, Bounds] = {}

    def log(self, place: Place) -> Path:
        return self.folder / "topics" / place.topic / str(place.partition)

    def table(self, name: str) -> Path:
        return self.folder / "tables" / name

    def note(self, place: Place, bounds: Bounds) -> None:
        """These are the place's bounds in the log."""
        self._bounds[place] = bounds

    def bounds(self, place: Place) -> Bounds:
        return self._bounds.get(place, Bounds(0, 0))

    def records(self, place: Place) -> Iterator[Fetched]:
        decoder = msgspec.msgpack.Decoder(_Frame)
        for frame in frames(self.log(place)):
            found = decoder.decode(frame)
            yield Fetched(
                place,
                found.offset,
                from_millis(found.millis),
                found.key,
                found.value,
                found.headers,
            )

    def rows(self, table: str) -> Iterator[Any]:
        decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(TABLES[table][0])
        return (decoder.decode(frame) for frame in frames(self.table(table)))

    def mails(self) -> Sequence[Mail]:
        return [msgspec.msgpack.decode(frame, type=Mail) for frame in frames(self.folder / "mails")]
