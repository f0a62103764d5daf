"""What a raw mail says, in the shapes of Mailpit's API (hence the names of the fields)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message as Part
from email.utils import getaddresses, parsedate_to_datetime
from html.parser import HTMLParser

import msgspec
from typing_extensions import override

_SNIPPET = 250


class Address(msgspec.Struct, frozen=True):
    """A name and an address."""

    Name: str
    Address: str


class Summary(msgspec.Struct):
    """One line of a list."""

    ID: str
    MessageID: str
    Read: bool
    From: Address | None
    To: list[Address]
    Cc: list[Address]
    Bcc: list[Address]
    ReplyTo: list[Address]
    Subject: str
    Created: datetime
    Username: str
    Tags: list[str]
    Size: int
    Attachments: int
    Snippet: str


class ListUnsubscribe(msgspec.Struct, frozen=True):
    """The headers of RFC 2369 and RFC 8058."""

    Header: str
    Links: list[str]
    Errors: str
    HeaderPost: str


class Checksums(msgspec.Struct, frozen=True):
    """Of an attachment's content."""

    SHA256: str


class Attachment(msgspec.Struct, frozen=True):
    """A part that is neither the text nor the HTML."""

    PartID: str
    FileName: str
    ContentType: str
    ContentID: str
    Size: int
    Checksums: Checksums


class Message(msgspec.Struct, frozen=True):
    """A mail in full."""

    ID: str
    MessageID: str
    From: Address | None
    To: list[Address]
    Cc: list[Address]
    Bcc: list[Address]
    ReplyTo: list[Address]
    ReturnPath: str
    Subject: str
    ListUnsubscribe: ListUnsubscribe
    Date: datetime
    Tags: list[str]
    Username: str
    Text: str
    HTML: str
    Size: int
    Inline: list[Attachment]
    Attachments: list[Attachment]


class _People(msgspec.Struct, frozen=True):
    sender: Address | None
    to: list[Address]
    cc: list[Address]
    bcc: list[Address]
    reply_to: list[Address]


def read_summary(id_: str, created: datetime, raw: bytes) -> Summary:
    """What a list shows of a mail."""
    mail = message_from_bytes(raw)
    people = _people(mail)
    text, html = _bodies(mail)
    return Summary(
        ID=id_,
        MessageID=_message_id(mail),
        Read=False,
        From=people.sender,
        To=people.to,
        Cc=people.cc,
        Bcc=people.bcc,
        ReplyTo=people.reply_to,
        Subject=_header(mail, "Subject"),
        Created=created,
        Username="",
        Tags=[],
        Size=len(raw),
        Attachments=sum(1 for _ in _attachments(mail)),
        Snippet=" ".join((text or _visible(html)).split())[:_SNIPPET],
    )


def read_message(id_: str, created: datetime, raw: bytes) -> Message:
    """All of a mail."""
    mail = message_from_bytes(raw)
    people = _people(mail)
    text, html = _bodies(mail)
    extra = list(_attachments(mail))
    return Message(
        ID=id_,
        MessageID=_message_id(mail),
        From=people.sender,
        To=people.to,
        Cc=people.cc,
        Bcc=people.bcc,
        ReplyTo=people.reply_to,
        ReturnPath=_header(mail, "Return-Path").strip("<>"),
        Subject=_header(mail, "Subject"),
        ListUnsubscribe=_list_unsubscribe(mail),
        Date=_date(mail) or created,
        Tags=[],
        Username="",
        Text=text,
        HTML=html,
        Size=len(raw),
        Inline=[attachment for attachment in extra if attachment.ContentID],
        Attachments=[attachment for attachment in extra if not attachment.ContentID],
    )


def _people(mail: Part) -> _People:
    to, cc = _addresses(mail, "To"), _addresses(mail, "Cc")
    named = {address.Address for address in [*to, *cc]}
    delivered = _addresses(mail, "Delivered-To")
    return _People(
        sender=next(iter(_addresses(mail, "From")), None),
        to=to,
        cc=cc,
        bcc=[address for address in delivered if address.Address not in named],
        reply_to=_addresses(mail, "Reply-To"),
    )


def _addresses(mail: Part, name: str) -> list[Address]:
    headers = [str(value) for value in mail.get_all(name, [])]
    return [Address(_decoded(who), at) for who, at in getaddresses(headers) if at]


def _header(mail: Part, name: str) -> str:
    return _decoded(" ".join(str(mail.get(name, "")).split()))


def _decoded(text: str) -> str:
    if "=?" not in text:
        return text
    try:
        return str(make_header(decode_header(text)))
    except (HeaderParseError, LookupError, UnicodeError):
        return text


def _message_id(mail: Part) -> str:
    return _header(mail, "Message-ID").strip("<>")


def _date(mail: Part) -> datetime | None:
    try:
        date = parsedate_to_datetime(_header(mail, "Date"))
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _list_unsubscribe(mail: Part) -> ListUnsubscribe:
    header = _header(mail, "List-Unsubscribe")
    links = re.findall(r"<([^<>\s]+)>", header)
    return ListUnsubscribe(
        Header=header,
        Links=links,
        Errors="no link in <>" if header and not links else "",
        HeaderPost=_header(mail, "List-Unsubscribe-Post"),
    )


def _bodies(mail: Part) -> tuple[str, str]:
    """The first text part and the first HTML part that are no attachments."""
    found = {"text/plain": "", "text/html": ""}
    for part in _leaves(mail):
        kind = part.get_content_type()
        if kind in found and not found[kind] and not _is_attachment(part):
            found[kind] = _text(part)
    return found["text/plain"], found["text/html"]


def _leaves(mail: Part) -> Iterator[Part]:
    return (part for part in mail.walk() if not part.is_multipart())


def _is_attachment(part: Part) -> bool:
    return part.get_content_disposition() == "attachment" or part.get_filename() is not None


def _text(part: Part) -> str:
    charset = part.get_content_charset() or "utf-8"
    try:
        return _content(part).decode(charset, errors="replace")
    except LookupError:
        return _content(part).decode(errors="replace")


def _content(part: Part) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _attachments(mail: Part) -> Iterator[Attachment]:
    for number, part in enumerate(_leaves(mail), start=1):
        if _is_attachment(part) or part.get_content_maintype() != "text":
            content = _content(part)
            yield Attachment(
                PartID=str(number),
                FileName=_decoded(part.get_filename() or ""),
                ContentType=part.get_content_type(),
                ContentID=_header(part, "Content-ID").strip("<>"),
                Size=len(content),
                Checksums=Checksums(hashlib.sha256(content).hexdigest()),
            )


class _Visible(HTMLParser):
    """Collects what a reader of the page would see."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    @override
    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("style", "script", "title")

    @override
    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "script", "title") and self._hidden > 0

    @override
    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def _visible(html: str) -> str:
    page = _Visible()
    page.feed(html)
    return " ".join(page.words)
