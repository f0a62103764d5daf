"""Who people are, what is known of them and what they agreed to."""

from ingest.domain.people.consents import Standing, Statement, restate
from ingest.domain.people.golden import Held, Trait, merge
from ingest.domain.people.identity import Names, resolve
from ingest.domain.people.learning import Learned, learn
from ingest.domain.people.merging import Merge
from ingest.domain.people.state import People, Profile, Sighting
from ingest.domain.people.withdrawals import withdrawals_of

__all__ = [
    "Held",
    "Learned",
    "Merge",
    "Names",
    "People",
    "Profile",
    "Sighting",
    "Standing",
    "Statement",
    "Trait",
    "learn",
    "merge",
    "resolve",
    "restate",
    "withdrawals_of",
]
