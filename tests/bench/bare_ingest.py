"""The ceiling of `bench ingest`: a bare collector that leaves the same records and answers, and promises nothing else.

No limits, no keys, no per-message checks, no metrics, no errors handled: decode, id, envelope, librdkafka, answer.
Usage: bare_ingest.py PORT BOOTSTRAP TOPIC WORKERS
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec
import uvicorn
import uvloop
from confluent_kafka import Producer

NAMESPACE = uuid.UUID("6f0b4a52-6a54-5d0a-9b0c-63c1cf4c5d11")
RECORD = (
    b'{"specversion":"1.0","id":"%s","source":"/cuestream/ingest/api","type":"event.accepted.v1","subject":%s,'
    b'"time":"%s","workspace":"bench","correlationid":"%s","causationid":null,"datacontenttype":"application/json",'
    b'"data":{"protocol":"segment","received_at":"%s","source":"shop","body":%s,"sent_at":null,"call":"%s","message_id":%s}}'
)
LINGER = 0.001


class Batch(msgspec.Struct):
    batch: list[msgspec.Raw]


class Head(msgspec.Struct):
    userId: str  # noqa: N815 - the name on the wire
    messageId: str  # noqa: N815 - the name on the wire
    type: str = "track"


batch_of = msgspec.json.Decoder(Batch).decode
head_of = msgspec.json.Decoder(Head).decode
quoted = msgspec.json.encode


def record_of(raw: bytes, now: bytes) -> tuple[bytes, bytes]:
    head = head_of(raw)
    name = "".join(f"{len(p)}:{p}" for p in ("event", "bench", "shop", head.messageId))
    event_id = str(uuid.uuid5(NAMESPACE, name)).encode()
    subject, message, call = quoted(head.userId), quoted(head.messageId), head.type.encode()
    return head.userId.encode(), RECORD % (event_id, subject, now, event_id, now, raw, call, message)  # fmt: skip


class Log:
    """librdkafka, which makes the batches and chooses the partitions; its answers are fetched every millisecond."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self.topic = topic
        self.loop = asyncio.get_running_loop()
        self.waiting = 0
        self.producer = Producer(
            {
                "bootstrap.servers": bootstrap, "acks": "all", "enable.idempotence": True, "compression.type": "zstd",
                "linger.ms": 1, "batch.size": 1_000_000, "partitioner": "murmur2_random",
                "queue.buffering.max.messages": 1_000_000,
            }
        )  # fmt: skip

    def append(self, records: list[tuple[bytes, bytes]], headers: Any) -> asyncio.Future[None]:
        done, missing = self.loop.create_future(), len(records)

        def delivered(error: object, _: object) -> None:
            nonlocal missing
            missing -= 1
            if error is not None:
                raise RuntimeError(error)
            if not missing:
                done.set_result(None)

        if not records:
            done.set_result(None)
        for key, value in records:
            self.producer.produce(self.topic, value, key, headers=headers, on_delivery=delivered)
        if not self.waiting:
            self.loop.call_later(LINGER, self.fetch)
        self.waiting += len(records)
        return done

    def fetch(self) -> None:
        self.producer.poll(0)
        self.waiting = len(self.producer)
        if self.waiting:
            self.loop.call_later(LINGER, self.fetch)


class App:
    def __init__(self, log: Log) -> None:
        self.log = log

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
        await self.log.append([record_of(raw, now) for raw in raws], headers)
        answer = b'{"success":true,"accepted":%d,"rejected":[]}' % len(raws)
        sent = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": sent})
        await send({"type": "http.response.body", "body": answer})


async def main(port: int, bootstrap: str, topic: str) -> None:
    app = App(Log(bootstrap, topic))
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", server_header=False
    )
    listener = socket.create_server(("127.0.0.1", port), backlog=2048, reuse_port=True)
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    for _ in range(int(sys.argv[4]) - 1):
        if os.fork() == 0:
            break
    uvloop.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
