"""What is sent to the collector: whole requests with messages that all have an id of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from cuestream.bench.sides import KEY, PLANNED

EVENT_BYTES = 569
USERS = 10_000
_EVENT = (
    b'{"type":"track","event":"%s","messageId":"bench-%%012d","userId":"user-%%04d","timestamp":'
    b'"2026-01-01T00:00:00Z","properties":{"cart_id":"c-4711","product_id":"p-0815","sku":"G-32","category":"Games",'
    b'"name":"Monopoly: 3rd Edition","brand":"Hasbro","variant":"200 pieces","price":18.99,"quantity":1,"currency":"EUR",'
    b'"position":3,"url":"https://shop.example/product/path","image_url":"https://shop.example/product/path.jpg"},'
    b'"context":{"locale":"de-DE","page":{"path":"/product/path"},"library":{"name":"bench","version":"1.0"}},'
    b'"padding":"%s"}'
)
_HEAD = (
    b"POST %s HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer %s\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Load:
    """One kind of load."""

    name: str
    """Single events or batches of 100, and over how many connections."""
    connections: int
    events: int
    """In one request."""

    @property
    def path(self) -> str:
        return "/v1/track" if self.events == 1 else "/v1/batch"


LOADS = (
    Load("single-32", 32, 1),
    Load("single-256", 256, 1),
    Load("batch-32", 32, 100),
)


def templates() -> list[bytes]:
    """One message of each planned event, all equally long; the running number and the user's are still to come."""
    made = []
    for name in PLANNED:
        short = len(_EVENT % (name.encode(), b"") % (0, 0))
        made.append(_EVENT % (name.encode(), b"x" * (EVENT_BYTES - short)))
    return made


def requests(load: Load) -> Callable[[], bytes]:
    """Gives whole requests, the planned events in turn."""
    numbers, texts = count(), templates()

    def event() -> bytes:
        number = next(numbers)
        return texts[number % len(texts)] % (number, number % USERS)

    def request() -> bytes:
        if load.events == 1:
            return _posted(load, event())
        return _posted(load, b'{"batch":[%s]}' % b",".join(event() for _ in range(load.events)))

    return request


def _posted(load: Load, body: bytes) -> bytes:
    return _HEAD % (load.path.encode(), KEY.encode(), len(body)) + body
