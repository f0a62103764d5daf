"""The bytes of a mail: multipart/alternative, folded and encoded so that nothing can slip into a header."""

from __future__ import annotations

import binascii
import re
from email.header import Header
from email.utils import format_datetime, formataddr
from uuid import UUID

from common.errors import PermanentError
from dispatcher.ports import Email

_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_LINE = 76
_LONGEST_LINE = 998  # RFC 5322


def message_id(key: UUID, domain: str) -> str:
    """The Message-ID of a delivery: the same one on every attempt."""
    return f"<{key}@{domain}>"


def mime_bytes(email: Email, key: UUID) -> bytes:
    """The whole mail, lines ended by CRLF.

    Raises:
        PermanentError: `unsafe_header`, a value would break out of its header.
    """
    # Derived from the key: the same mail has the same bytes, and no text can hold it by accident.
    boundary = f"=_{key.hex}"
    headers = [
        ("Date", format_datetime(email.date)),
        ("From", _mailbox(email.sender.name, email.sender.address)),
        ("To", email.to),
        ("Subject", _words(email.subject)),
        ("Message-ID", message_id(key, email.sender.domain)),
        *([("Reply-To", email.sender.reply_to)] if email.sender.reply_to else []),
        ("MIME-Version", "1.0"),
        ("Content-Language", email.language),
        *_way_out(email),
        ("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
    ]
    head = "\r\n".join(_line(name, value) for name, value in headers)
    text, html = _part("plain", email.text), _part("html", email.html)
    opening, closing = f"--{boundary}\r\n".encode(), f"--{boundary}--\r\n".encode()
    return b"".join((head.encode("ascii"), b"\r\n\r\n", opening, text, opening, html, closing))


def _way_out(email: Email) -> list[tuple[str, str]]:
    if email.unsubscribe is None:
        return []
    return [
        ("List-Unsubscribe", f"<{email.unsubscribe}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]


def _line(name: str, value: str) -> str:
    if _UNSAFE.search(value.replace("\r\n ", "")) or not value.isascii():
        raise PermanentError("unsafe_header", name)
    line = f"{name}: {value}"
    if len(line) > _LONGEST_LINE and "\r\n " not in line:
        raise PermanentError("unsafe_header", f"{name} is too long")
    return line


def _words(text: str) -> str:
    if _UNSAFE.search(text):
        raise PermanentError("unsafe_header", "Subject")
    # What looks like an encoded word must be encoded itself, else a reader would decode it.
    if _PRINTABLE.fullmatch(text) and "=?" not in text and len(text) <= _LINE:
        return text
    return Header(text, "utf-8", maxlinelen=_LINE, header_name="Subject").encode(linesep="\r\n")


def _mailbox(name: str, address: str) -> str:
    if name.isascii():
        return formataddr((name, address))
    return f"{_words(name)} <{address}>"


def _part(subtype: str, text: str) -> bytes:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    if not lines.endswith("\r\n"):
        lines += "\r\n"
    return (
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode() + binascii.b2a_qp(lines.encode())
