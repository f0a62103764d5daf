"""Who a message goes to: the newest contact snapshot of a profile, and its addresses' keyed hashes."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from common.contracts.profiles import Consent, ContactChanged

EMAIL = "email"

_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]+@([^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]+)")
_LONGEST = 254  # RFC 5321, a path without its brackets


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """The newest snapshot of one profile's contact data; None inside once it was erased or merged."""

    workspace: str
    version: int
    contact: ContactChanged | None
    merged_into: UUID | None = None
    """The profile that this one has become; whoever writes to this one writes to that."""

    @property
    def is_erased(self) -> bool:
        return self.contact is None and self.merged_into is None

    def address(self, channel: str) -> str | None:
        """The address on that channel, where it can be written to."""
        if self.contact is None or channel != EMAIL or self.contact.email is None:
            return None
        return usable_email(self.contact.email)

    def consent(self, channel: str, purpose: str) -> Consent | None:
        """The consent that was granted for exactly that, if it stands."""
        consents = self.contact.consents if self.contact else ()
        return next(
            (c for c in consents if c.granted and (c.channel, c.purpose) == (channel, purpose)),
            None,
        )


def newer(known: Recipient | None, contact: ContactChanged, workspace: str) -> Recipient:
    """The snapshot to keep: a lower version is a straggler's, and only a higher one revives the erased or merged."""
    version = contact.profile_version
    if known is not None and (
        known.version > version or (known.contact is None and known.version >= version)
    ):
        return known
    if contact.merged_into is not None:
        # Of the snapshot nothing else is kept, whatever stands in it.
        winner = contact.merged_into
        return Recipient(workspace=workspace, version=version, contact=None, merged_into=winner)
    return Recipient(workspace=workspace, version=version, contact=contact)


def erased(known: Recipient | None) -> Recipient:
    """What stays of a recipient that was erased: that nobody may be written to."""
    if known is None:
        return Recipient(workspace="", version=0, contact=None)
    return Recipient(workspace=known.workspace, version=known.version, contact=None)


def lineage(profile_id: UUID, merged_into: Mapping[UUID, UUID | None]) -> Sequence[UUID]:
    """The profile and those it was merged into, one after the other, as far as they are known.

    Ends before a profile that came already: a circle of merges has no last one.
    """
    found: list[UUID] = []
    step: UUID | None = profile_id
    while step is not None and step in merged_into and step not in found:
        found.append(step)
        step = merged_into[step]
    return found


def usable_email(address: str) -> str | None:
    """The address as an SMTP envelope takes it (domain in IDNA), or None where that cannot be."""
    match = _ADDRESS.fullmatch(unicodedata.normalize("NFC", address.strip()))
    if match is None:
        return None
    local, domain = match[0][: match.start(1) - 1], match[1]
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    written = f"{local}@{domain}"
    return written if written.isascii() and len(written) <= _LONGEST else None


def address_hash(pepper: bytes, workspace: str, channel: str, address: str) -> str:
    """The keyed hash under which an address's withdrawals are kept, 128 bits in hex.

    The workspace is part of it: what one brand knows cannot be matched against another's.
    """
    normal = unicodedata.normalize("NFC", address.strip()).casefold()
    text = "\x1f".join((workspace, channel, normal))
    return hmac.new(pepper, text.encode(), hashlib.sha256).hexdigest()[:32]
