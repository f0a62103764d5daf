"""What the bare loops write, as bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha1
from struct import unpack_from
from typing import Any
from uuid import UUID

import msgspec

LOOP, READ, WRITTEN = "scoring.bench", "profile.activity", "profile.scores"
EPOCH, NAMESPACE = datetime(1970, 1, 1, tzinfo=UTC), UUID("6f0b4a52-6a54-5d0a-9b0c-63c1cf4c5d11")
ENVELOPE = (
    b'{"specversion":"1.0","id":"%s","source":"/cuestream/%s","type":"%s","subject":"%s","time":%s,'
    b'"workspace":"%s","correlationid":"%s","causationid":%s,"datacontenttype":"application/json","data":%s}'
)
TOLD = b'{"score":%d,"previous_score":null,"grade":"B","reasons":[{"kind":%s,"points":%s,"count":%d}],"model_version":"bench"}'


class Visits(msgspec.Struct):
    seen: int
    cents: int
    last_at: datetime
    last_event: UUID
    name: str


visits_of, encode = msgspec.json.Decoder(Visits).decode, msgspec.json.Encoder().encode


def derive(*parts: object) -> UUID:
    name = "".join([f"{len(str(p))}:{p}" for p in parts]).encode()
    return UUID(bytes=sha1(NAMESPACE.bytes + name, usedforsecurity=False).digest()[:16], version=5)


def partition_for(key: bytes, partitions: int) -> int:
    """Of a key of whole words, as a profile's id is."""
    h = 0x9747B28C ^ len(key)
    for k in unpack_from(f"<{len(key) // 4}I", key):
        k = k * 0x5BD1E995 & 0xFFFFFFFF  # noqa: PLW2901 - as the algorithm is written
        k = (k ^ k >> 24) * 0x5BD1E995 & 0xFFFFFFFF  # noqa: PLW2901 - as above
        h = h * 0x5BD1E995 & 0xFFFFFFFF ^ k
    h = (h ^ h >> 13) * 0x5BD1E995 & 0xFFFFFFFF
    return ((h ^ h >> 15) & 0x7FFFFFFF) % partitions


def source_of(loop: str) -> bytes:
    return loop.replace(".", "/").encode()


def journaled(loop: str, life: tuple[str, datetime], owner: int, batch: int, until: datetime | None, runs: list[Any],
              timers: list[Any], draw: int | None) -> bytes:  # fmt: skip
    identity = str(derive("journal", loop, owner, life[0], batch)).encode()
    data = {"loop": loop, "partition": owner, "batch": batch, "epoch": 1, "virtual_time": until, "runs": runs,
            "timers": timers, "releases": {"bench": 1}, "draw": draw, "live_since": life[1]}  # fmt: skip
    now = encode(datetime.now(UTC))  # noqa: TID251 - stands alone
    return ENVELOPE % (identity, source_of(loop), b"batch.journaled.v1", b"%d" % owner, now, b"*", identity, b"null", encode(data))  # fmt: skip


def told(state: Visits, key: bytes, workspace: str, cause: UUID, correlation: UUID, now: datetime) -> bytes:  # fmt: skip
    data = TOLD % (state.seen % 101, encode(state.name), encode(state.cents / 100), state.seen)
    by = str(cause)
    identity = str(derive("caused", by, "profile.lead_scored.v1", 0)).encode()
    return ENVELOPE % (identity, b"scoring/bench", b"profile.lead_scored.v1", key, encode(now), workspace.encode(),
                       str(correlation).encode(), b'"%s"' % by.encode(), data)  # fmt: skip
