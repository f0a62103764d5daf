"""I4, I5 and I9: mails twice, mails after a no, and a replay that does what only the original may."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from common.contracts import decode_event
from common.streaming.ports import Place
from tests.fault.history.model import DeliveryRow
from tests.fault.recording import Recording
from tests.fault.recording.chain import BEGAN
from tests.fault.violations import forging

SECOND = timedelta(seconds=1)


def a_mail_is_accepted_twice(recording: Recording) -> None:
    mailbox = recording.history.mailbox
    mailbox.append(mailbox[0])


def an_unknown_one_was_accepted_twice(recording: Recording) -> None:
    a_mail_is_accepted_twice(recording)
    mail = recording.history.mailbox[0]
    forging.change_row(
        recording.history,
        "dispatcher.deliveries",
        lambda row: row.delivery_id == mail.delivery_id,
        state="unknown",
    )


def what_was_sent_never_arrives(recording: Recording) -> None:
    del recording.history.mailbox[0]


def what_was_skipped_is_mailed(recording: Recording) -> None:
    history = recording.history
    forging.change_row(
        history,
        "dispatcher.deliveries",
        lambda row: row.delivery_id == history.mailbox[0].delivery_id,
        state="skipped",
    )


def a_mail_belongs_to_no_delivery(recording: Recording) -> None:
    forging.drop_row(recording.history, "dispatcher.deliveries", lambda row: row.state == "sent")


def a_mail_is_claimed_after_an_unsubscribe(recording: Recording) -> None:
    history, told = recording.history, recording.told
    mail = history.mailbox[-1]
    person = next(person for person in told.plan.people if person.email == mail.to)
    told.answers.noes[person.number] = mail.arrived_at - 2 * SECOND


def a_mail_is_claimed_before_there_is_a_consent(recording: Recording) -> None:
    forging.change_row(recording.history, "dispatcher.deliveries", _was_claimed, claimed_at=BEGAN)


def a_mail_is_claimed_while_the_contacts_are_behind(recording: Recording) -> None:
    """All that resolve ever stated is a minute older than it was."""
    history = recording.history
    for item in list(history.logs[Place("ingest.progress", 0)]):
        event = decode_event(item.value or b"")
        until = msgspec.json.decode(event.data, type=_Stated).until
        forging.rewrite(history, item, until=until - 60 * SECOND)


def _was_claimed(row: DeliveryRow) -> bool:
    return row.claimed_at is not None


class _Stated(msgspec.Struct):
    until: datetime
