"""Signed tokens in the links of a mail: whose mail it was, without a login and without a database."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from uuid import UUID

import msgspec

from common.errors import PermanentError

_TAG_BYTES = 16
_LONGEST = 600


class MailToken(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What a link of a mail proves; it never expires, for a no must always be possible."""

    workspace: str
    profile_id: UUID
    address_hash: str
    channel: str
    purpose: str
    delivery_id: UUID


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder = msgspec.msgpack.Decoder(MailToken)


def sign(token: MailToken, secrets: Sequence[bytes]) -> str:
    """A text of letters, digits, `-` and `_`, signed with the newest secret."""
    body = _encoder.encode(token)
    return base64.urlsafe_b64encode(body + _tag(secrets[0], body)).rstrip(b"=").decode()


def verify(text: str, secrets: Sequence[bytes]) -> MailToken:
    """Read a token that one of the secrets signed.

    Raises:
        PermanentError: `bad_token`, whatever is wrong with it.
    """
    raw = _decoded(text)
    body, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
    # All of them are tried, so that the time taken does not tell which one fits.
    fits = [hmac.compare_digest(_tag(secret, body), tag) for secret in secrets]
    if not any(fits):
        raise PermanentError("bad_token", "no secret signed it")
    try:
        return _decoder.decode(body)
    except msgspec.MsgspecError as error:
        raise PermanentError("bad_token", "it has another shape") from error


def _decoded(text: str) -> bytes:
    if len(text) > _LONGEST or not text.isascii():
        raise PermanentError("bad_token", "it is no token")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise PermanentError("bad_token", "it is no token") from error
    # One token has one spelling: the last letter's spare bits must be zero.
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise PermanentError("bad_token", "it is no token")
    return raw


def _tag(secret: bytes, body: bytes) -> bytes:
    # The label keeps these tokens apart from whatever else the same secret may sign.
    return hmac.new(secret, b"mail-token.v1\x00" + body, hashlib.sha256).digest()[:_TAG_BYTES]
