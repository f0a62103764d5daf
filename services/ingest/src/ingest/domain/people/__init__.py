"""Who people are, what is known of them and what they agreed to."""

from ingest.domain.people.accounts import Account, joined
from ingest.domain.people.confirmations import confirmation_of
from ingest.domain.people.consents import Standing, Statement, known_at, restate
from ingest.domain.people.golden import NEWEST, FieldRule, FieldRules, Golden, Held, Trait
from ingest.domain.people.identity import Names, resolve
from ingest.domain.people.learning import Learned, learn
from ingest.domain.people.merging import Merge
from ingest.domain.people.rules import DEFAULT_RULES, KindRule, Rules
from ingest.domain.people.state import People, Profile, Sharing, Sighting
from ingest.domain.people.withdrawals import withdrawals_of

__all__ = [
    "DEFAULT_RULES",
    "NEWEST",
    "Account",
    "FieldRule",
    "FieldRules",
    "Golden",
    "Held",
    "KindRule",
    "Learned",
    "Merge",
    "Names",
    "People",
    "Profile",
    "Rules",
    "Sharing",
    "Sighting",
    "Standing",
    "Statement",
    "Trait",
    "confirmation_of",
    "joined",
    "known_at",
    "learn",
    "resolve",
    "restate",
    "withdrawals_of",
]
