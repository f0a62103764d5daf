"""What pressing the button behind a mail's link means for the ledger, and what others are told of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from common.contracts.ingestion import ConsentConfirmed
from common.contracts.profiles import ActivityRecorded
from common.errors import PermanentError
from ingest.domain.people.asking import Asked, Asking
from ingest.domain.people.consents import Statement
from ingest.domain.people.state import Profile

LINK: Final = "link"
_NAME: Final = "Consent Confirmed"


def confirmation_of(said: ConsentConfirmed, proof_id: UUID, appended_at: datetime) -> Statement:
    """The confirming half of what was asked for until the mail was; never later than the log took it.

    Raises:
        PermanentError: `undecodable`, it has an instant without a zone.
    """
    if said.confirmed_at.tzinfo is None or said.asked_at.tzinfo is None:
        raise PermanentError("undecodable", "an instant has no zone")
    confirmed_at = min(said.confirmed_at, appended_at)
    return Statement(
        channel=said.channel,
        purpose=said.purpose,
        granted=False,
        basis="consent",
        stated_at=confirmed_at,
        meant_at=confirmed_at,
        proof_id=proof_id,
        via=LINK,
        text_version=said.text_version or None,
        ip=said.ip,
        source=LINK,
        step="confirmed",
        asked_until=said.asked_at,
    )


def pressed(
    before: Sequence[Profile], after: Profile, within: timedelta
) -> tuple[ActivityRecorded, ...]:
    """The buttons that confirm what they did not confirm when less was known, or under one of two names alone.

    Each once, whichever of its halves was heard last: what once confirms a request confirms it for good. A button that
    leaves a no standing has confirmed nothing. What clients say of confirmations are activities already.
    """
    return tuple(
        _activity(key, half, after.version)
        for key, asking in sorted(after.asked.items())
        if key in after.consents and after.consents[key].granted
        for half in _newly(asking, [one.asked[key] for one in before if key in one.asked], within)
    )


def _newly(asking: Asking, before: Sequence[Asking], within: timedelta) -> Iterator[Asked]:
    known = {half.order for one in before for half in one.proving(within)}
    return (h for h in asking.proving(within) if h.via == LINK and h.order not in known)


def _activity(key: str, half: Asked, version: int) -> ActivityRecorded:
    channel, _, purpose = key.partition(".")
    return ActivityRecorded(
        event_id=half.proof_id,
        name=_NAME,
        source=LINK,
        message_id=str(half.proof_id),
        occurred_at=half.at,
        received_at=half.stated_at,
        profile_version=version,
        properties={"channel": channel, "purpose": purpose},
    )
