"""What a withdrawal at the dispatcher's edge means for the ledger."""

from __future__ import annotations

from uuid import UUID

from common.contracts.profiles import WithdrawalRequested
from common.errors import PermanentError
from ingest.domain.people.consents import Statement
from ingest.domain.people.state import Profile

ALL_PURPOSES = "*"
_TRANSACTIONAL = "transactional"
_BASIS = "withdrawal"


def withdrawals_of(
    profile: Profile, request: WithdrawalRequested, proof_id: UUID
) -> tuple[Statement, ...]:
    """One statement per purpose; `*` means every purpose that stands on the channel, and marketing in any case.

    Messages that an order brings with it need no consent and so have none to withdraw.

    Raises:
        PermanentError: `undecodable`, it has an instant without a zone.
    """
    if request.requested_at.tzinfo is None:
        raise PermanentError("undecodable", "requested_at has no zone")
    purposes = {request.purpose}
    if request.purpose == ALL_PURPOSES:
        standing = {s.purpose for s in profile.consents.values() if s.channel == request.channel}
        purposes = (standing | {"marketing"}) - {_TRANSACTIONAL}
    return tuple(
        Statement(
            channel=request.channel,
            purpose=purpose,
            granted=False,
            basis=_BASIS,
            stated_at=request.requested_at,
            meant_at=request.requested_at,
            proof_id=proof_id,
            via=request.via,
        )
        for purpose in sorted(purposes)
    )
