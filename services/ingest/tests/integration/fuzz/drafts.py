"""Drafts of requests, and the many shots that are made of one: bits lost, doubled, repacked, cut into chunks."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random

from services.ingest.tests.integration.fuzz.wire import Shot, framed
from services.ingest.tests.vendors import NEW, WRONG

Pairs = list[tuple[bytes, bytes]]
VARIANTS = 10
"""Drawing a draft takes as long as ten requests."""
_NOISE = [b"\0", b"\xff", b'"', b"{", b"]", b",", b"\\u0000", b"\\ud800", b"NaN", b"1e999", b"\x1f\x8b", b"null", b"9" * 400, b"<!DOCTYPE x>", b"&x;"]  # fmt: skip
_HEADERS: Pairs = [
    (b"content-encoding", b"gzip"),
    (b"content-encoding", b"br"),
    (b"content-type", b"text/plain; charset=utf-16"),
    (b"content-type", b"multipart/form-data; boundary=x"),
    (b"origin", b"https://shop.example"),
    (b"origin", b"null"),
    (b"user-agent", b"Googlebot"),
    (b"expect", b"100-continue"),
    (b"x-retry-count", b"-1"),
    (b"accept-encoding", b"\xff"),
]
_CHUNKS = (0, 0, 0, 0, 1, 7, 4096)
_SHORT = 300
"""Bytes that are also sent one by one."""


@dataclass(frozen=True)
class Draft:
    """A request before it is framed."""

    method: str
    target: bytes
    headers: Pairs
    body: bytes
    signed: Callable[[bytes, str], Pairs] | None = None
    """The headers with a vendor's signature of the body under a secret."""

    def shots(self, chance: Random) -> Iterator[Shot]:
        """The request itself, then others like it."""
        yield self._framed(chance)
        for _ in range(VARIANTS - 1):
            yield self._varied(chance)._framed(chance)

    def _framed(self, chance: Random) -> Shot:
        secret = NEW if chance.random() < 0.9 else WRONG
        signature = self.signed(self.body, secret) if self.signed else []
        chunk = chance.choice(_CHUNKS)
        if chunk and len(self.body) > _SHORT:
            chunk = 4096
        return framed(self.method, self.target, [*signature, *self.headers], self.body, chunk)

    def _varied(self, chance: Random) -> Draft:
        changed = replace(self, body=spoilt(self.body, chance) if self.body else b"")
        match chance.randrange(6):
            case 0:
                return replace(changed, body=gzip.compress(self.body))
            case 1:
                return replace(changed, body=spoilt(gzip.compress(self.body), chance))
            case 2:
                return replace(self, headers=[*self.headers, chance.choice(_HEADERS)])
            case 3:
                return replace(self, target=spoilt_target(self.target, chance))
            case _:
                return changed


@dataclass(frozen=True)
class Wreck:
    """Lines of something that is no request."""

    eol: bytes
    lines: tuple[bytes, ...]
    ends: tuple[bytes, ...]

    def shots(self, chance: Random) -> Iterator[Shot]:
        """The lines as they are, then with something lost or doubled in each."""
        head = self.eol.join(self.lines) + self.eol * 2
        for number in range(VARIANTS):
            parts = [head, *self.ends]
            if number:
                at = chance.randrange(len(parts))
                parts[at] = spoilt(parts[at], chance)
            yield Shot(tuple(part for part in parts if part), whole=False)


def spoilt(text: bytes, chance: Random) -> bytes:
    """With noise in it, without a part of it, or with one twice."""
    first, last = sorted(chance.randrange(len(text) + 1) for _ in "ab")
    last = min(last, first + 200)
    match chance.randrange(4):
        case 0:
            return text[:first] + chance.choice(_NOISE) + text[first:]
        case 1:
            return text[:first] + text[last:]
        case 2:
            return text[:last] + text[first:]
        case _:
            return text[:first] + chance.randbytes(last - first) + text[last:]


def spoilt_target(target: bytes, chance: Random) -> bytes:
    """Still one word of printable characters."""
    found = spoilt(target, chance)
    return b"/" + bytes(byte for byte in found if 0x21 <= byte < 0x7F).lstrip(b"/")
