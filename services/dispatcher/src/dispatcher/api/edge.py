"""What every route works with, and the records that a no becomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from common.clock import Clock
from common.contracts import Payload, encode_event, event_bytes
from common.contracts.envelope import CONTENT_TYPE
from common.contracts.ingestion import ConsentConfirmed
from common.contracts.profiles import WithdrawalRequested
from common.contracts.withdrawals import (
    ContactSuppressed,
    ContactWithdrawn,
    PersonSuppressed,
    SendingHalted,
    SendingResumed,
)
from common.ids import caused_id, fresh
from dispatcher.domain.delivery import Delivery
from dispatcher.domain.gate import ALL_BUT_TRANSACTIONAL
from dispatcher.domain.recipient import usable_email
from dispatcher.domain.tokens import ConfirmToken, MailToken, verify, verify_confirmation
from dispatcher.ports import Appender, Archive, Rulebook

SOURCE = "/cuestream/dispatcher/api"
UNSUBSCRIBED = "unsubscribed"
"""The reason of a suppression that is a person's will, and so lasts until the person agrees anew."""
CHANNELS = ("email", "sms", "phone", "ads")
HEADERS = {"content-type": CONTENT_TYPE.encode()}


@dataclass(frozen=True, slots=True)
class Edge:
    """Ports and values; the api knows nothing else of the world."""

    withdrawals: Appender
    """Of contact.withdrawals."""
    commands: Appender
    """Of ingest.commands."""
    accepted: Appender
    """Of ingest.events."""
    archive: Archive
    rulebook: Rulebook
    clock: Clock
    secrets: Sequence[bytes]
    """Newest first."""
    admin_key_sha256: str | None
    public_url: str
    hashed: Callable[[str, str, str], str]
    """The keyed hash of a workspace's, a channel's address."""

    def token(self, text: str) -> MailToken:
        """Read a link's token.

        Raises:
            PermanentError: `bad_token`.
        """
        return verify(text, self.secrets)

    def confirmation(self, text: str) -> ConfirmToken:
        """Read the token of a link that asks for consent.

        Raises:
            PermanentError: `bad_token`.
        """
        return verify_confirmation(text, self.secrets)

    async def confirm(self, token: ConfirmToken, delivery: Delivery, ip: str | None) -> None:
        """Append the confirmation for the ledger; on return it is in the log.

        Raises:
            TransientError: perhaps it is; asking again does no harm, for it has the same id.
        """
        request, now = delivery.request, self.clock()
        channel, _, purpose = token.key.partition(".")
        yes = ConsentConfirmed(
            channel=channel,
            purpose=purpose,
            confirmed_at=now,
            asked_at=token.asked_at,
            delivery_id=token.delivery_id,
            text_version=f"{request.playbook}/{request.message}@{request.version}",
            ip=ip,
        )
        subject = str(token.profile_id)
        event = encode_event(
            yes,
            id=token.proof_id,
            source=SOURCE,
            subject=subject,
            time=now,
            workspace=token.workspace,
            correlationid=delivery.correlation,
        )
        await self.accepted.append(subject.encode(), event_bytes(event), HEADERS)

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

    async def ban(self, workspace: str, channel: str, address: str, reason: str) -> None:
        """Append that an address must not be used; who unsubscribed elsewhere may sign up again.

        Raises:
            TransientError: perhaps it is in the log; asking again does no harm.
        """
        # As a sender writes it: the hash of another spelling would never be found.
        key = self.hashed(workspace, channel, usable_email(address) or address)
        no: Payload = ContactSuppressed(address_hash=key, channel=channel, reason=reason)
        if reason == UNSUBSCRIBED:
            no = ContactWithdrawn(
                address_hash=key,
                channel=channel,
                purpose=ALL_BUT_TRANSACTIONAL,
                via="import",
                requested_at=self.clock(),
            )
        record = self._record(no, fresh(), key, workspace)
        await self.withdrawals.append(key.encode(), record, HEADERS)

    async def ban_person(
        self, workspace: str, profile_id: UUID, reason: str, *, transactional: bool
    ) -> None:
        """Append that a person must not be written to by any address, first where sending stops, then for the ledger.

        Raises:
            TransientError: perhaps some of it is in the log; asking again does no harm.
        """
        request, now, subject = fresh(), self.clock(), str(profile_id)
        no = PersonSuppressed(profile_id=profile_id, reason=reason, transactional=transactional)
        stop = self._record(no, request, subject, workspace)
        await self.withdrawals.append(subject.encode(), stop, HEADERS)
        for number, channel in enumerate(CHANNELS):
            asked = WithdrawalRequested(
                channel=channel, purpose=ALL_BUT_TRANSACTIONAL, requested_at=now, via="suppression"
            )
            command = self._record(asked, request, subject, workspace, number)
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

    def _record(
        self, payload: Payload, request: UUID, subject: str, workspace: str, number: int = 0
    ) -> bytes:
        return event_bytes(
            encode_event(
                payload,
                id=caused_id(request, payload.TYPE, number),
                source=SOURCE,
                subject=subject,
                time=self.clock(),
                workspace=workspace,
                correlationid=request,
            )
        )
