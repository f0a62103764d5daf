"""What a workspace says about its mails: the voice, the sender, and where they may go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

Mode = Literal["live", "sink", "redirect"]


@dataclass(frozen=True, slots=True)
class Sender:
    """In whose name a mail goes out."""

    address: str
    name: str = ""
    reply_to: str | None = None

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Rules:
    """One workspace's release, as far as sending is concerned."""

    workspace: str
    locales: tuple[str, ...]
    """The first is the default."""
    sender: Sender
    mode: Mode
    redirect_to: str | None = None
    smtp_url_name: str | None = None
    """The name of the secret that holds the shop's own SMTP URL; None: the installation's."""
    brand: Mapping[str, str] = field(default_factory=dict)
    """What templates read as `brand.…`."""
    confirm_within: timedelta = timedelta(days=7)
    """How long the link of a mail that asks for consent is good for."""

    def destination(self, address: str) -> str:
        """Where a mail to that address really goes."""
        if self.mode != "redirect":
            return address
        if self.redirect_to is None:
            raise ValueError("redirect without an address: nobody's mail may go out by accident")
        return self.redirect_to
