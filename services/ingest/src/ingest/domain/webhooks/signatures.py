"""How vendors prove that a request is theirs: one scheme each, checked in one place."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import parse_qs

from common.errors import PermanentError
from ingest.domain.moments import parse_instant
from ingest.domain.packing import unpacked

WINDOW = timedelta(minutes=5)
"""How far a signed time may lie from ours, in either direction."""
_DIGEST = 32
_HEX = re.compile(r"[0-9a-fA-F]{64}")
_MOST_SIGNATURES = 10
"""Senders list one per secret; a request with hundreds is somebody who tries."""

Coding = Literal["base64", "hex"]


class ForgedError(PermanentError):
    """Nobody with the secret sent this, or not now."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a vendor, as it came."""

    method: str
    uri: str
    """As the vendor knows it: our public address, the path and the query."""
    headers: Mapping[str, Sequence[str]] = field(repr=False)
    """By name in lower case, each with all its values."""
    body: bytes = field(repr=False)
    received_at: datetime

    def header(self, name: str) -> str | None:
        """The header's only value.

        Raises:
            ForgedError: `header_twice`; which of them counts would be a guess.
        """
        found = self.headers.get(name, ())
        if len(found) > 1:
            raise ForgedError("header_twice", name)
        return found[0].strip() if found else None

    def needed(self, name: str) -> str:
        """The header's only value.

        Raises:
            ForgedError: `no_signature`, or `header_twice`.
        """
        value = self.header(name)
        if not value:
            raise ForgedError("no_signature", f"the header {name} is missing")
        return value


@dataclass(frozen=True, slots=True)
class Signed:
    """What a request says was signed, with which results, and when."""

    message: bytes
    digests: Sequence[bytes]
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HmacScheme:
    """HMAC-SHA256; what differs between vendors is what is signed and how it is written down."""

    read: Callable[[Request], Signed]
    key: Callable[[str], bytes] = str.encode

    def check(self, request: Request, secrets: Sequence[str]) -> None:
        """Hold the request against each secret in force.

        Raises:
            ForgedError: `no_signature`, `header_twice`, `too_old` or `wrong_signature`.
        """
        signed = self.read(request)
        if signed.at is not None and abs(request.received_at - signed.at) > WINDOW:
            raise ForgedError("too_old", "signed more than five minutes from now")
        made = [hmac.digest(self.key(secret), signed.message, "sha256") for secret in secrets]
        if not any(hmac.compare_digest(ours, theirs) for ours in made for theirs in signed.digests):
            raise ForgedError("wrong_signature", "no secret of this source gives this signature")


@dataclass(frozen=True, slots=True)
class TokenScheme:
    """No signature at all: the address itself is the secret (`?token=…`), as the vendor can send nothing else."""

    name: str = "token"

    def check(self, request: Request, secrets: Sequence[str]) -> None:
        """Hold the token against each secret in force.

        Raises:
            ForgedError: `no_signature`, `header_twice` (the token is) or `wrong_signature`.
        """
        query = request.uri.partition("?")[2]
        try:
            shown = parse_qs(query, max_num_fields=20).get(self.name, [])
        except ValueError:
            shown = []
        if not shown:
            raise ForgedError("no_signature", f"the address has no ?{self.name}=")
        if len(shown) > 1:
            raise ForgedError("header_twice", self.name)
        theirs = shown[0].encode("utf-8", "replace")
        if not any(hmac.compare_digest(secret.encode(), theirs) for secret in secrets):
            raise ForgedError("wrong_signature", "no secret of this source is this token")


Scheme = HmacScheme | TokenScheme


def of_body(header: str, coding: Coding, prefix: str = "") -> HmacScheme:
    """The body is signed, and nothing else; a replay can be told by its id only."""

    def read(request: Request) -> Signed:
        text = request.needed(header)
        if not text.startswith(prefix):
            raise ForgedError("wrong_signature", f"{header} does not begin with {prefix}")
        return Signed(request.body, _digests([text.removeprefix(prefix)], coding))

    return HmacScheme(read)


def of_request(header: str, timestamp: str) -> HmacScheme:
    """Method, public address, body and time are signed, as HubSpot does since version 3."""

    def read(request: Request) -> Signed:
        signature, said = request.needed(header), request.needed(timestamp)
        begun = (request.method + request.uri).encode()
        return Signed(
            begun + request.body + said.encode(), _digests([signature], "base64"), _time(said)
        )

    return HmacScheme(read)


def of_time_and_body(header: str) -> HmacScheme:
    """`t=…,v1=…` in one header, several `v1` while a secret is replaced: Stripe's."""

    def read(request: Request) -> Signed:
        pairs = [part.strip().partition("=") for part in request.needed(header).split(",")]
        times = [value for name, _, value in pairs if name == "t"]
        if len(times) != 1:
            raise ForgedError("no_signature", f"{header} needs one t=")
        signatures = [value for name, _, value in pairs if name == "v1"]
        message = times[0].encode() + b"." + request.body
        return Signed(message, _digests(signatures, "hex"), _time(times[0]))

    return HmacScheme(read)


def of_id_time_and_body() -> HmacScheme:
    """Standard Webhooks 1.0: `v1,<base64>` separated by spaces; the secret is base64 after `whsec_`."""

    def read(request: Request) -> Signed:
        said = [request.needed(f"webhook-{name}") for name in ("id", "timestamp", "signature")]
        listed = [part.partition(",") for part in said[2].split()]
        signatures = [value for version, _, value in listed if version == "v1"]
        message = f"{said[0]}.{said[1]}.".encode() + request.body
        return Signed(message, _digests(signatures, "base64"), _time(said[1]))

    return HmacScheme(read, _unpacked)


def _unpacked(secret: str) -> bytes:
    """A secret that is no base64 is taken as it is: some senders let their users choose one."""
    found = unpacked(secret.removeprefix("whsec_"))
    return secret.encode() if found is None else found


def _digests(texts: Sequence[str], coding: Coding) -> list[bytes]:
    """Those that are written as they should be; a digest in the other writing is none."""
    read = (_decoded(text, coding) for text in texts[:_MOST_SIGNATURES])
    return [digest for digest in read if digest is not None and len(digest) == _DIGEST]


def _decoded(text: str, coding: Coding) -> bytes | None:
    if coding == "hex":
        return bytes.fromhex(text) if _HEX.fullmatch(text) else None
    return unpacked(text)


def _time(text: str) -> datetime:
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise ForgedError("no_signature", "the signed time is no number")
    at = parse_instant(int(text))
    if at is None:
        raise ForgedError("no_signature", "the signed time is no time")
    return at
