"""What runs beside the consumer: `dispatcher send`."""

from dispatcher.jobs.circuits import Circuits
from dispatcher.jobs.contacts import ContactsWatch
from dispatcher.jobs.ends import ends_since
from dispatcher.jobs.gatekeeper import Gatekeeper
from dispatcher.jobs.mails import MailWriter
from dispatcher.jobs.noes import NoesReader
from dispatcher.jobs.sender import Sender

__all__ = [
    "Circuits",
    "ContactsWatch",
    "Gatekeeper",
    "MailWriter",
    "NoesReader",
    "Sender",
    "ends_since",
]
