"""Which fold takes which record, and what the loop of resolve is."""

from __future__ import annotations

from common.configuration import Configuration
from common.consuming import Book, Handlers, Loop
from common.contracts.ingestion import EventAccepted
from common.contracts.profiles import ContactChanged, WithdrawalRequested
from ingest.domain.people import People
from ingest.handlers import fold_accepted, fold_snapshot, fold_withdrawal

NAME = "ingest.resolve"


def handlers(_: Configuration) -> Handlers[People]:
    """The index of resolve; nothing in it depends on configuration yet."""
    return Handlers(
        records={
            EventAccepted.TYPE: fold_accepted,
            WithdrawalRequested.TYPE: fold_withdrawal,
            ContactChanged.TYPE: fold_snapshot,
        }
    )


def loop(book: Book[People]) -> Loop[People]:
    """Resolve makes the time that all others follow, hence its own clock."""
    return Loop(
        name=NAME,
        anchor="ingest.events",
        inputs=("ingest.events", "ingest.commands", "profile.contacts"),
        handlers=handlers,
        book=book,
        time="own",
    )
