"""Signed tokens in the links of a mail: whose mail it was, without a login and without a database."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from common.errors import PermanentError
from common.ids import derive

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


class ConfirmToken(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What the link proves with which a mail asks for consent."""

    workspace: str
    profile_id: UUID
    address_hash: bytes
    """Of the address that the mail went to: who presses the button reads what is sent there."""
    key: str
    """`channel.purpose` that is asked for."""
    delivery_id: UUID
    asked_at: datetime
    """What was asked for until then is meant."""
    expires_at: datetime

    @property
    def proof_id(self) -> UUID:
        """Of the confirmation: the same however often the button is pressed."""
        return derive("confirmation", self.workspace, self.delivery_id, self.key)


_Token = TypeVar("_Token", MailToken, ConfirmToken)
# The labels keep these tokens apart, and from whatever else the same secret may sign.
_MAIL: Final = b"mail-token.v1\x00"
_CONFIRM: Final = b"confirm-token.v1\x00"
_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder = msgspec.msgpack.Decoder(MailToken)
_confirm_decoder = msgspec.msgpack.Decoder(ConfirmToken)


def sign(token: MailToken | ConfirmToken, secrets: Sequence[bytes]) -> str:
    """A text of letters, digits, `-` and `_`, signed with the newest secret."""
    body = _encoder.encode(token)
    label = _MAIL if isinstance(token, MailToken) else _CONFIRM
    return base64.urlsafe_b64encode(body + _tag(secrets[0], label + body)).rstrip(b"=").decode()


def verify(text: str, secrets: Sequence[bytes]) -> MailToken:
    """Read a token that one of the secrets signed.

    Raises:
        PermanentError: `bad_token`, whatever is wrong with it.
    """
    return _read(text, secrets, _MAIL, _decoder)


def verify_confirmation(text: str, secrets: Sequence[bytes]) -> ConfirmToken:
    """Read a token that asks for consent; whether it is too late is another question.

    Raises:
        PermanentError: `bad_token`, whatever is wrong with it.
    """
    return _read(text, secrets, _CONFIRM, _confirm_decoder)


def _read(
    text: str, secrets: Sequence[bytes], label: bytes, decoder: msgspec.msgpack.Decoder[_Token]
) -> _Token:
    raw = _decoded(text)
    body, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
    # All of them are tried, so that the time taken does not tell which one fits.
    fits = [hmac.compare_digest(_tag(secret, label + body), tag) for secret in secrets]
    if not any(fits):
        raise PermanentError("bad_token", "no secret signed it")
    try:
        return decoder.decode(body)
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


def _tag(secret: bytes, labelled: bytes) -> bytes:
    return hmac.new(secret, labelled, hashlib.sha256).digest()[:_TAG_BYTES]
