"""Sizes of records, and records cut into batches that a broker takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from common.errors import PermanentError
from common.kafka.clients import MAX_BATCH_BYTES
from common.streaming.ports import Outgoing

_OVERHEAD = 64
"""Bytes around a record (lengths, deltas, its share of the batch's header); more than it can be."""
_HEADER_OVERHEAD = 10


def size_of(record: Outgoing) -> int:
    """Bytes that the record takes in a batch, at most.

    Raises:
        PermanentError: `record_too_large`, no broker will ever take it.
    """
    headers = record.headers
    size = _OVERHEAD + len(record.key or b"") + len(record.value or b"")
    size += _HEADER_OVERHEAD * len(headers)
    size += 4 * sum(map(len, headers)) + sum(map(len, headers.values()))
    if size > MAX_BATCH_BYTES:
        raise PermanentError("record_too_large", f"{size} bytes, a batch holds {MAX_BATCH_BYTES}")
    return size


def batches(records: Sequence[Outgoing]) -> Iterator[tuple[Sequence[Outgoing], int]]:
    """The records in order, cut so that each batch fits; with the size of each."""
    begin, filled = 0, 0
    for index, record in enumerate(records):
        size = size_of(record)
        if filled + size > MAX_BATCH_BYTES:
            yield records[begin:index], filled
            begin, filled = index, 0
        filled += size
    if begin < len(records):
        yield records[begin:], filled
