"""The consent ledger's rules: what stands after statements that may come late, twice or in any order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from common.contracts.profiles import Consent


@dataclass(frozen=True, slots=True)
class Statement:
    """Somebody's will on one purpose of one channel, as it was stated, with its proof."""

    channel: str
    purpose: str
    granted: bool
    basis: str
    stated_at: datetime
    """When it was received, by our clock."""
    meant_at: datetime
    """When it was made, by the client's corrected clock; never after `stated_at`."""
    proof_id: UUID
    via: str
    text_version: str | None = None
    ip: str | None = None

    @property
    def weight(self) -> tuple[datetime, bool]:
        """The heaviest statement stands.

        A grant counts from when it was made, a withdrawal from when it was received, and at the same instant the
        withdrawal counts: so an older opt-in that comes late never revives what was withdrawn.
        """
        return (self.meant_at, False) if self.granted else (self.stated_at, True)

    @property
    def key(self) -> str:
        return f"{self.channel}.{self.purpose}"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What stands for one purpose of one channel."""

    channel: str
    purpose: str
    granted: bool
    basis: str
    since: datetime
    """When the statement that turned it was received."""
    proof_id: UUID
    weighed_at: datetime
    """The heaviest statement's instant; lighter ones change nothing."""

    @property
    def consent(self) -> Consent:
        """As it stands in a contact snapshot."""
        return Consent(
            channel=self.channel,
            purpose=self.purpose,
            granted=self.granted,
            basis=self.basis,
            since=self.since,
            proof_id=self.proof_id,
        )


def restate(standing: Standing | None, statement: Statement) -> Standing:
    """What stands after one more statement; which of many statements stands does not depend on their order."""
    at, withdrawn = statement.weight
    if standing is not None and (at, withdrawn) <= (standing.weighed_at, not standing.granted):
        return standing
    if standing is not None and standing.granted == statement.granted:
        # Said again: the first proof stays, only its weight grows.
        return msgspec.structs.replace(standing, weighed_at=at)
    return Standing(
        channel=statement.channel,
        purpose=statement.purpose,
        granted=statement.granted,
        basis=statement.basis,
        since=statement.stated_at,
        proof_id=statement.proof_id,
        weighed_at=at,
    )
