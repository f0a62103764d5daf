"""The consent ledger's rules: what stands after statements that may come late, twice or in any order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from common.contracts.profiles import Consent

DOUBLE_OPT_IN: Final = "double_opt_in"
MERGE: Final = "merge"
"""How the ledger calls what is said by nobody, but follows from two names being one person's."""


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
    source: str | None = None
    """Which shop, site or CRM said so."""
    requested_at: datetime | None = None
    confirmed_at: datetime | None = None
    """Of a double opt-in."""
    step: Literal["requested", "confirmed"] | None = None
    """Half of a double opt-in, which alone grants nothing and withdraws nothing."""
    asked_until: datetime | None = None
    """Of a confirmation by a link: no later request is meant."""
    number: int = 0
    """Its place among the statements of the event that proves it."""

    @property
    def weight(self) -> tuple[datetime, bool]:
        """The heaviest statement stands.

        A grant counts from when it was made, a withdrawal from when it was received, and at the same instant the
        withdrawal counts: so an older opt-in that comes late never revives what was withdrawn. A double opt-in counts
        from its request: what is withdrawn before it is confirmed can no longer be confirmed, nor be confirmed again.
        """
        if not self.granted:
            return self.stated_at, True
        if self.basis == DOUBLE_OPT_IN and self.requested_at is not None:
            return min(self.meant_at, self.requested_at), False
        return self.meant_at, False

    @property
    def said_at(self) -> datetime:
        """Of a no: when it was said. One that a merge lets outweigh what came after it was said before."""
        return self.meant_at if self.via == MERGE else self.stated_at

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
    """The heaviest statement's instant; lighter ones turn nothing."""
    refused_at: datetime | None = None
    """The last no, where that is not `weighed_at`: before a yes, or said before a merge let it outweigh what came after it.

    What was asked for after that may still be a yes' proof, or be confirmed after the merge.
    """

    @property
    def last_no_at(self) -> datetime:
        """Of a no."""
        return self.weighed_at if self.refused_at is None else self.refused_at

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


def known_at(statements: Iterable[Statement], at: datetime) -> dict[str, Standing]:
    """What stood by `channel.purpose`, as far as it had been received by that instant."""
    stood: dict[str, Standing] = {}
    for statement in statements:
        if statement.step is None and statement.stated_at <= at:
            stood[statement.key] = restate(stood.get(statement.key), statement)
    return stood


def restate(standing: Standing | None, statement: Statement) -> Standing:
    """What stands after one more statement; which of many that somebody made stands does not depend on their order."""
    at, withdrawn = statement.weight
    if standing is None:
        return _turned(statement, at, statement.said_at if withdrawn else None)
    if _confirmed_since(standing, statement, at):
        return _turned(statement, at, standing.last_no_at)
    if (at, withdrawn) <= (standing.weighed_at, not standing.granted):
        return _outweighing(standing, statement, at)
    if standing.granted != statement.granted:
        return _turned(statement, at, statement.said_at if withdrawn else standing.weighed_at)
    if withdrawn:
        return refused(standing, at, max(standing.last_no_at, statement.said_at))
    # Said again: the first proof stays, only its weight grows; but a double opt-in proves more.
    return _proven(msgspec.structs.replace(standing, weighed_at=at), statement, at)


def _confirmed_since(standing: Standing, statement: Statement, requested_at: datetime) -> bool:
    """Asked for after somebody's own no, and confirmed after a merge let that outweigh more."""
    return (
        not standing.granted
        and statement.granted
        and statement.basis == DOUBLE_OPT_IN
        and requested_at > standing.last_no_at
        and statement.meant_at > standing.weighed_at
    )


def _turned(statement: Statement, at: datetime, refused_at: datetime | None) -> Standing:
    standing = Standing(
        channel=statement.channel,
        purpose=statement.purpose,
        granted=statement.granted,
        basis=statement.basis,
        since=statement.stated_at,
        proof_id=statement.proof_id,
        weighed_at=at,
    )
    return refused(standing, at, refused_at)


def refused(standing: Standing, at: datetime, refused_at: datetime | None) -> Standing:
    """What stands, weighed at the one instant, and last refused at the other."""
    differs = standing.granted or refused_at != at
    return msgspec.structs.replace(
        standing, weighed_at=at, refused_at=refused_at if differs else None
    )


def _outweighing(standing: Standing, statement: Statement, at: datetime) -> Standing:
    """What stands after a lighter statement: the same, on a better proof or with a later no at most."""
    if statement.granted:
        return _proven(standing, statement, at) if standing.granted else standing
    last_no_at = standing.refused_at if standing.granted else standing.last_no_at
    if last_no_at is not None and statement.said_at <= last_no_at:
        return standing
    return refused(standing, standing.weighed_at, statement.said_at)


def _proven(standing: Standing, statement: Statement, at: datetime) -> Standing:
    """On the proof of a double opt-in, unless it was refused since that was asked for."""
    if statement.basis != DOUBLE_OPT_IN or standing.basis == DOUBLE_OPT_IN:
        return standing
    if standing.refused_at is not None and at <= standing.refused_at:
        return standing
    return msgspec.structs.replace(standing, basis=statement.basis, proof_id=statement.proof_id)
