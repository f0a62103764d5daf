"""The pixel: what a picture's address says, as a message that Segment's clients could have sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import msgspec

EVENTS = {"visit": "Page Viewed", "open": "Email Opened"}
"""What a pixel may say. Its key can be read by everybody, so no more than that: it fills no cart and grants no consent."""

_PATH = "path"
_PROPERTIES = (_PATH, "title", "campaign_id")
_CAMPAIGN = {"utm_id": "id", "utm_campaign": "name", "utm_source": "source", "utm_medium": "medium", "utm_term": "term", "utm_content": "content"}  # fmt: skip
_MOST = 50
_encode = msgspec.json.Encoder().encode


class UnknownPixelError(Exception):
    """The address asks for something that a pixel cannot say."""


@dataclass(frozen=True, slots=True)
class Pixel:
    """One picture that was fetched."""

    key: str | None
    body: bytes
    """A message as Segment's clients write it."""


def read_pixel(query: bytes, headers: Mapping[bytes, bytes]) -> Pixel:
    """Read the address; of a parameter that is there twice the last counts.

    Raises:
        UnknownPixelError: the event is none that a pixel knows, or the address is not readable.
    """
    try:
        pairs = parse_qsl(query.decode(), errors="strict", max_num_fields=_MOST)
    except ValueError as error:
        raise UnknownPixelError("the address is not UTF-8 or has too many parts") from error
    said = dict(pairs)
    name = said.get("event", "visit")
    if name not in EVENTS:
        raise UnknownPixelError("event is visit or open")
    message: dict[str, object] = {
        "type": "track",
        "event": EVENTS[name],
        "userId": said.get("user"),
        "anonymousId": said.get("anonymous"),
        "messageId": said.get("id"),
        "properties": _present({name: said.get(name) for name in _PROPERTIES}),
        "context": _context(said, headers),
    }
    return Pixel(said.get("key"), _encode(_present(message)))


def page_origin(headers: Mapping[bytes, bytes]) -> str | None:
    """The origin of the page that shows the picture; None in a mail, or where the browser does not say."""
    if b"origin" in headers:
        return headers[b"origin"].decode("latin-1")
    page = headers.get(b"referer", b"").decode("latin-1")
    try:
        parts = urlsplit(page)
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else None


def _context(said: Mapping[str, str], headers: Mapping[bytes, bytes]) -> dict[str, object]:
    agent = headers.get(b"user-agent", b"").decode("latin-1")
    page = {"path": said[_PATH]} if _PATH in said else None
    campaign = {ours: said[theirs] for theirs, ours in _CAMPAIGN.items() if theirs in said}
    return _present({"userAgent": agent, "page": page, "campaign": campaign})


def _present(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value}
