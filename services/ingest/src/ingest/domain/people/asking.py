"""Double opt-in: a consent that was asked for stands once it is confirmed in time, whichever of the two is heard first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from ingest.domain.people.consents import DOUBLE_OPT_IN, Statement

CONFIRM_WITHIN: Final = timedelta(days=7)
_KEPT: Final = 8
"""Halves of a kind for one purpose of one channel: more than anybody says by hand, and a state that cannot grow."""


class Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """One half of a double opt-in: when it was said, and what proves it."""

    at: datetime
    stated_at: datetime
    proof_id: UUID
    text_version: str | None = None
    ip: str | None = None
    source: str | None = None
    via: str = ""
    number: int = 0
    until: datetime | None = None
    """Of a confirmation by a link: it is of no request that was made after the link was."""

    @classmethod
    def by(cls, statement: Statement) -> Asked:
        return cls(
            at=statement.meant_at,
            stated_at=statement.stated_at,
            proof_id=statement.proof_id,
            text_version=statement.text_version,
            ip=statement.ip,
            source=statement.source,
            via=statement.via,
            number=statement.number,
            until=statement.asked_until,
        )

    @property
    def order(self) -> tuple[datetime, datetime, UUID, int]:
        return self.at, self.stated_at, self.proof_id, self.number


class Answered(msgspec.Struct, frozen=True):
    """A request and the first confirmation of it; a later one of the same request confirms nothing more."""

    requested: Asked
    confirmed: Asked

    def grant(self, key: str) -> Statement:
        """What both halves prove together, received when the second of them was."""
        channel, _, purpose = key.partition(".")
        requested, confirmed = self.requested, self.confirmed
        return Statement(
            channel=channel,
            purpose=purpose,
            granted=True,
            basis=DOUBLE_OPT_IN,
            stated_at=max(requested.stated_at, confirmed.stated_at),
            meant_at=confirmed.at,
            proof_id=confirmed.proof_id,
            via=confirmed.via,
            text_version=requested.text_version or confirmed.text_version,
            ip=confirmed.ip or requested.ip,
            source=confirmed.source,
            requested_at=requested.at,
            confirmed_at=confirmed.at,
            number=confirmed.number,
        )


class Asking(msgspec.Struct, frozen=True, omit_defaults=True):
    """The last requests for one purpose of one channel and the last confirmations, the oldest first."""

    requested: tuple[Asked, ...] = ()
    confirmed: tuple[Asked, ...] = ()

    def united(self, other: Asking) -> Asking:
        """The later halves of both."""
        return Asking(
            _latest(self.requested, other.requested), _latest(self.confirmed, other.confirmed)
        )

    def knows(self, half: Asked) -> bool:
        """Whether it was heard before: who presses a button twice says it once."""
        return any(
            (known.proof_id, known.number) == (half.proof_id, half.number)
            for known in (*self.requested, *self.confirmed)
        )

    def proving(self, within: timedelta) -> tuple[Asked, ...]:
        """The confirmations that are of any request."""
        return tuple(
            confirmed
            for confirmed in self.confirmed
            if any(_answers(confirmed, requested, within) for requested in self.requested)
        )

    def answered(self, within: timedelta) -> Answered | None:
        """The newest request that was confirmed, by its first confirmation; one that is too old proves nothing any more."""
        for requested in reversed(self.requested):
            for confirmed in self.confirmed:
                if _answers(confirmed, requested, within):
                    return Answered(requested, confirmed)
        return None

    def newly_answered(self, before: Iterable[Asking], within: timedelta) -> Answered | None:
        """What is confirmed now and was not when less was known; each request once."""
        now = self.answered(within)
        known = [old for asking in before if (old := asking.answered(within)) is not None]
        if now is None or any(now.requested.order <= old.requested.order for old in known):
            return None
        return now


Askings = Mapping[str, Asking]
"""By `channel.purpose`."""


def united_askings(ours: Askings, theirs: Askings) -> dict[str, Asking]:
    """What was asked under two names."""
    return {
        key: ours.get(key, Asking()).united(theirs.get(key, Asking()))
        for key in sorted({*ours, *theirs})
    }


def met(ours: Askings, theirs: Askings, within: timedelta) -> Iterator[tuple[str, Answered]]:
    """Requests under one name that were confirmed under the other, by `channel.purpose`."""
    for key, asking in united_askings(ours, theirs).items():
        halves = (ours.get(key, Asking()), theirs.get(key, Asking()))
        answered = asking.newly_answered(halves, within)
        if answered is not None:
            yield key, answered


def ask(
    askings: dict[str, Asking], statements: Iterable[Statement], within: timedelta
) -> tuple[dict[str, Asking], list[Statement]]:
    """What is asked and confirmed after these statements, and what of them goes into the ledger.

    Halves count as proof only. Where a confirmation and its request are both known, whichever was heard last is followed by
    the grant, dated as the confirmation.
    """
    said: list[Statement] = []
    for statement in statements:
        if statement.step is None:
            said.append(statement)
            continue
        before, half = askings.get(statement.key, Asking()), Asked.by(statement)
        if before.knows(half):
            continue
        said.append(statement)
        after = before.united(_only(half, statement))
        askings = {**askings, statement.key: after}
        answered = after.newly_answered((before,), within)
        if answered is not None:
            said.append(answered.grant(statement.key))
    return askings, said


def _only(half: Asked, statement: Statement) -> Asking:
    if statement.step == "requested":
        return Asking(requested=(half,))
    return Asking(confirmed=(half,))


def _answers(confirmed: Asked, requested: Asked, within: timedelta) -> bool:
    if confirmed.until is not None and requested.at > confirmed.until:
        return False
    return timedelta() <= confirmed.at - requested.at <= within


def _latest(ours: tuple[Asked, ...], theirs: tuple[Asked, ...]) -> tuple[Asked, ...]:
    halves = {half.order: half for half in (*ours, *theirs)}
    return tuple(halves[order] for order in sorted(halves)[-_KEPT:])
