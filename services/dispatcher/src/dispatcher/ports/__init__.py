"""What dispatcher needs from others, in its own words."""

from dispatcher.ports.deliveries import (
    Candidate,
    Change,
    Changed,
    Deliveries,
    Ended,
    Found,
    Suppression,
    Work,
)
from dispatcher.ports.edge import Appender, Archive, DeliveryReport, Halt
from dispatcher.ports.knowledge import (
    CONTACTS,
    Ban,
    Barrier,
    ContactPositions,
    HaltChange,
    Noes,
    NoRecord,
    PersonBan,
    Rulebook,
    Withdrawal,
)
from dispatcher.ports.providers import (
    Accepted,
    Email,
    EmailProvider,
    OutcomeUnknown,
    Outlets,
    Refused,
)

__all__ = [
    "CONTACTS",
    "Accepted",
    "Appender",
    "Archive",
    "Ban",
    "Barrier",
    "Candidate",
    "Change",
    "Changed",
    "ContactPositions",
    "Deliveries",
    "DeliveryReport",
    "Email",
    "EmailProvider",
    "Ended",
    "Found",
    "Halt",
    "HaltChange",
    "NoRecord",
    "Noes",
    "OutcomeUnknown",
    "Outlets",
    "PersonBan",
    "Refused",
    "Rulebook",
    "Suppression",
    "Withdrawal",
    "Work",
]
