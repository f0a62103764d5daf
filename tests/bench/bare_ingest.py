"""The ceiling of `bench ingest`: a bare collector that leaves the same records and answers, and promises nothing else.

No limits, no keys, no per-message checks, no metrics, no errors handled: decode, id, envelope, group commit, answer.
Usage: bare_ingest.py PORT BOOTSTRAP TOPIC PARTITIONS WORKERS
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import uuid
from datetime import UTC, datetime
from functools import lru_cache
from struct import unpack_from
from typing import Any

import msgspec
import uvicorn
import uvloop
from aiokafka import AIOKafkaProducer

NAMESPACE = uuid.UUID("6f0b4a52-6a54-5d0a-9b0c-63c1cf4c5d11")
RECORD = (
    b'{"specversion":"1.0","id":"%s","source":"/cuestream/ingest/api","type":"event.accepted.v1","subject":%s,'
    b'"time":"%s","workspace":"bench","correlationid":"%s","causationid":null,"datacontenttype":"application/json",'
    b'"data":{"protocol":"segment","received_at":"%s","source":"shop","body":%s,"sent_at":null,"call":"%s","message_id":%s}}'
)
LINGER, BATCH_BYTES, OVERHEAD = 0.001, 900_000, 400


class Batch(msgspec.Struct):
    batch: list[msgspec.Raw]


class Head(msgspec.Struct):
    userId: str  # noqa: N815 - the name on the wire
    messageId: str  # noqa: N815 - the name on the wire
    type: str = "track"


batch_of = msgspec.json.Decoder(Batch).decode
head_of = msgspec.json.Decoder(Head).decode
quoted = msgspec.json.encode


@lru_cache(65_536)
def partition_for(key: bytes, partitions: int) -> int:
    h = 0x9747B28C ^ len(key)
    for k in unpack_from(f"<{len(key) // 4}I", key):
        k = k * 0x5BD1E995 & 0xFFFFFFFF  # noqa: PLW2901 - as the algorithm is written
        k = (k ^ k >> 24) * 0x5BD1E995 & 0xFFFFFFFF  # noqa: PLW2901 - as above
        h = h * 0x5BD1E995 & 0xFFFFFFFF ^ k
    rest = key[len(key) & ~3 :]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * 0x5BD1E995 & 0xFFFFFFFF
    h = (h ^ h >> 13) * 0x5BD1E995 & 0xFFFFFFFF
    return ((h ^ h >> 15) & 0x7FFFFFFF) % partitions


def record_of(raw: bytes, now: bytes) -> tuple[bytes, bytes]:
    head = head_of(raw)
    name = "".join(f"{len(p)}:{p}" for p in ("event", "bench", "shop", head.messageId))
    event_id = str(uuid.uuid5(NAMESPACE, name)).encode()
    subject, message, call = quoted(head.userId), quoted(head.messageId), head.type.encode()
    return head.userId.encode(), RECORD % (event_id, subject, now, event_id, now, raw, call, message)  # fmt: skip


class Lane:
    """One partition: what comes within a millisecond, or while the batch before is on its way, leaves together."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, partition: int) -> None:
        self.producer, self.topic, self.partition = producer, topic, partition
        self.waiting: list[tuple[list[tuple[Any, ...]], asyncio.Future[None]]] = []
        self.task: asyncio.Task[None] | None = None

    def add(self, records: list[tuple[Any, ...]]) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        self.waiting.append((records, loop.create_future()))
        if len(self.waiting) == 1 and self.task is None:
            loop.call_later(LINGER, self.leave)
        return self.waiting[-1][1]

    def leave(self) -> None:
        self.task = asyncio.create_task(self.empty())

    async def empty(self) -> None:
        while self.waiting:
            batch, filled, taken = self.producer.create_batch(), 0, 0
            for records, _ in self.waiting:
                size = sum(len(value) + OVERHEAD for _, value, _ in records)
                if taken and filled + size > BATCH_BYTES:
                    break
                for key, value, headers in records:
                    batch.append(timestamp=None, key=key, value=value, headers=headers)
                filled, taken = filled + size, taken + 1
            leaving, self.waiting = self.waiting[:taken], self.waiting[taken:]
            batch.close()
            await (await self.producer.send_batch(batch, self.topic, partition=self.partition))
            for _, done in leaving:
                done.set_result(None)
        self.task = None


class App:
    def __init__(self, lanes: list[Lane]) -> None:
        self.lanes = lanes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        body = message["body"]
        while message["more_body"]:
            message = await receive()
            body += message["body"]
        raws = [bytes(r) for r in batch_of(body).batch] if scope["path"] == "/v1/batch" else [body]
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z").encode()  # noqa: TID251 - stands alone
        trace = b"00-%s-%s-01" % (os.urandom(16).hex().encode(), os.urandom(8).hex().encode())
        headers = [("content-type", b"application/cloudevents+json"), ("traceparent", trace)]
        lots: dict[int, list[tuple[Any, ...]]] = {}
        for raw in raws:
            key, value = record_of(raw, now)
            lots.setdefault(partition_for(key, len(self.lanes)), []).append((key, value, headers))
        await asyncio.gather(*(self.lanes[p].add(records) for p, records in lots.items()))
        answer = b'{"success":true,"accepted":%d,"rejected":[]}' % len(raws)
        sent = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": sent})
        await send({"type": "http.response.body", "body": answer})


async def main(port: int, bootstrap: str, topic: str, partitions: int) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, compression_type="zstd",
        max_batch_size=1_000_000, max_request_size=1_000_000,
    )  # fmt: skip
    await producer.start()
    app = App([Lane(producer, topic, partition) for partition in range(partitions)])
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", server_header=False
    )
    listener = socket.create_server(("127.0.0.1", port), backlog=2048, reuse_port=True)
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    for _ in range(int(sys.argv[5]) - 1):
        if os.fork() == 0:
            break
    uvloop.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))
