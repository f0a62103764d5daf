"""The mails that were accepted, from the mailbox's folder: one file each, written before the 250."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from common.clock import from_millis

_SUFFIX = ".eml"
_DELIVERED_TO = re.compile(rb"^Delivered-To: ([^\r\n]*)", re.MULTILINE)
_MESSAGE_ID = re.compile(rb"^Message-ID: <([0-9a-f-]{36})@", re.MULTILINE | re.IGNORECASE)
_WAY_OUT = re.compile(rb"^List-Unsubscribe:\s*<([^>]*)>", re.MULTILINE | re.IGNORECASE)
_HEAD = 8 * 1024


class Mail(msgspec.Struct, frozen=True):
    """One acceptance by the SMTP server."""

    delivery_id: UUID | None
    """From the Message-ID; None: not one of ours."""
    to: str
    arrived_at: datetime
    unsubscribe: str = ""


def new_mails(folder: Path, known: set[str]) -> Iterator[Mail]:
    """The mails that came since `known`, which grows."""
    if not folder.exists():
        return
    with os.scandir(folder) as entries:
        names = [e.name for e in entries if e.name.endswith(_SUFFIX) and e.name not in known]
    for name in sorted(names):
        known.add(name)
        with (folder / name).open("rb") as file:
            yield _mail(name, file.read(_HEAD))


def _mail(name: str, head: bytes) -> Mail:
    to, identity, way_out = (
        pattern.search(head) for pattern in (_DELIVERED_TO, _MESSAGE_ID, _WAY_OUT)
    )
    return Mail(
        delivery_id=UUID(identity[1].decode()) if identity else None,
        to=to[1].decode() if to else "",
        arrived_at=from_millis(int(name[:12], 16)),
        unsubscribe=way_out[1].decode() if way_out else "",
    )
