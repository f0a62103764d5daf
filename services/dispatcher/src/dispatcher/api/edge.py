"""What every route works with, and the records that a no becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from common.clock import Clock
from common.contracts import Payload, encode_event, event_bytes
from common.contracts.envelope import CONTENT_TYPE
from common.contracts.profiles import WithdrawalRequested
from common.contracts.withdrawals import ContactWithdrawn, SendingHalted, SendingResumed
from common.ids import caused_id, fresh
from dispatcher.domain.tokens import MailToken, verify
from dispatcher.ports import Appender, Archive, Rulebook

SOURCE = "/cuestream/dispatcher/api"
HEADERS = {"content-type": CONTENT_TYPE.encode()}


@dataclass(frozen=True, slots=True)
class Edge:
    """Ports and values; the api knows nothing else of the world."""

    withdrawals: Appender
    """Of contact.withdrawals."""
    commands: Appender
    """Of ingest.commands."""
    archive: Archive
    rulebook: Rulebook
    clock: Clock
    secrets: Sequence[bytes]
    """Newest first."""
    admin_key_sha256: str | None
    public_url: str

    def token(self, text: str) -> MailToken:
        """Read a link's token.

        Raises:
            PermanentError: `bad_token`.
        """
        return verify(text, self.secrets)

    async def withdraw(self, token: MailToken, purpose: str, via: str) -> None:
        """Append the no, first where sending stops, then for the ledger; on return both are in the log.

        Raises:
            TransientError: perhaps one of them is; asking again does no harm.
        """
        request, now = fresh(), self.clock()
        no = ContactWithdrawn(
            address_hash=token.address_hash,
            channel=token.channel,
            purpose=purpose,
            via=via,
            requested_at=now,
            profile_id=token.profile_id,
            delivery_id=token.delivery_id,
        )
        asked = WithdrawalRequested(
            channel=token.channel,
            purpose=purpose,
            requested_at=now,
            via=via,
            delivery_id=token.delivery_id,
        )
        subject = str(token.profile_id)
        stop = self._record(no, request, subject, token.workspace)
        await self.withdrawals.append(token.address_hash.encode(), stop, HEADERS)
        command = self._record(asked, request, subject, token.workspace)
        await self.commands.append(subject.encode(), command, HEADERS)

    async def halt(self, scope: str, *, halted: bool) -> None:
        """Append a halt or its end.

        Raises:
            TransientError: perhaps it is in the log; asking again does no harm.
        """
        change: SendingHalted | SendingResumed
        change = (
            SendingHalted(scope=scope, by="admin")
            if halted
            else SendingResumed(scope=scope, by="admin")
        )
        record = self._record(change, fresh(), scope, scope)
        await self.withdrawals.append(scope.encode(), record, HEADERS)

    def _record(self, payload: Payload, request: UUID, subject: str, workspace: str) -> bytes:
        return event_bytes(
            encode_event(
                payload,
                id=caused_id(request, payload.TYPE, 0),
                source=SOURCE,
                subject=subject,
                time=self.clock(),
                workspace=workspace,
                correlationid=request,
            )
        )
