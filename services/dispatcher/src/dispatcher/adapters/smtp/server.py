"""Where the SMTP server is and how to speak to it, from one URL."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from common.errors import PermanentError

_PORTS = {"smtp": 587, "smtps": 465}
_STARTTLS = {"always": True, "never": False, "auto": None}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A server, and what it wants to hear before it takes mail."""

    host: str
    port: int
    tls: bool = False
    """TLS from the first byte."""
    starttls: bool | None = None
    """True: insist on it; None: where it is offered; False: never."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    hello: str = "localhost"
    """The name this side greets with."""


def parse_smtp_url(url: str) -> SmtpServer:
    """`smtp://user:password@host:port?starttls=always|auto|never`, or `smtps://…` for TLS at once.

    Raises:
        PermanentError: `bad_smtp_url`.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise PermanentError("bad_smtp_url", "it cannot be read") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise PermanentError("bad_smtp_url", "expected smtp://host:port or smtps://host:port")
    wish = parse_qs(parts.query).get("starttls", ["auto"])[-1]
    if wish not in _STARTTLS:
        raise PermanentError("bad_smtp_url", "starttls is always, auto or never")
    tls = parts.scheme == "smtps"
    # A password must never cross the network in the clear only because nobody offered better.
    starttls = True if parts.username and wish == "auto" and not tls else _STARTTLS[wish]
    return SmtpServer(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        tls=tls,
        starttls=False if tls else starttls,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )
