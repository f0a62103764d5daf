"""What the edge answers: JSON, always with a length, errors always with `error` and `detail`."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]
NO_CONTENT = 204

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a body and headers of its own."""

    status: int
    body: bytes
    headers: tuple[Header, ...] = ()
    kind: bytes = b"application/json"
    error: str | None = None
    """What is wrong, where the status says that something is."""

    async def send(self, send: Send, more: Sequence[Header] = ()) -> None:
        """Answer, with more headers where the request's origin asks for them."""
        headers = [*self.headers, *more]
        if self.status != NO_CONTENT:
            headers.append((b"content-type", self.kind))
            headers.append((b"content-length", b"%d" % len(self.body)))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


class RefusedError(Exception):
    """The request as a whole is refused; carries the answer."""

    def __init__(
        self, status: int, error: str, detail: str, *, retry_after: float | None = None
    ) -> None:
        super().__init__(f"{status} {error}")
        headers = () if retry_after is None else ((b"retry-after", b"%d" % seconds(retry_after)),)
        self.error = error
        body = _encode(refusal(error, detail))
        self.answer = Answer(status, body, headers, error=error)


def refusal(error: str, detail: str) -> dict[str, str]:
    """What is wrong, also under the names that SDKs look for: RudderStack's for Python takes no answer without them for a refusal, and tries again."""
    return {"error": error, "detail": detail, "code": error, "message": detail}


GIF = bytes.fromhex(
    "474946383961010001008000000000000000000021f90401000000002c00000000010001000002024401003b"
)
"""One transparent pixel."""


def picture(answer: Answer) -> Answer:
    """The same answer as a picture, so that no page and no mail shows a broken one; what is wrong stands in a header."""
    told: tuple[Header, ...] = (
        () if answer.error is None else ((b"x-error", answer.error.encode()),)
    )
    kept = ((b"cache-control", b"no-store, max-age=0"), *told)
    return Answer(answer.status, GIF, (*answer.headers, *kept), kind=b"image/gif")


def seconds(wait: float) -> int:
    """For `Retry-After`: whole seconds, at least one, at most a minute."""
    return max(1, min(60, math.ceil(wait)))


def as_json(status: int, value: object, *, error: str | None = None) -> Answer:
    """Any value as a JSON answer."""
    return Answer(status, _encode(value), error=error)
