"""Companies that people buy for: what is known of each, and who looks after it on our side."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec

from ingest.domain.people.golden import Golden, Held

AccountTrait = Literal[
    "name",
    "website",
    "industry",
    "country",
    "representative_name",
    "representative_email",
    "representative_phone",
]
OURS: Final = frozenset({"representative_name", "representative_email", "representative_phone"})
"""Who looks after a company is one of us: nobody from outside says it."""


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """One company of a workspace, by the id that its sources give it."""

    golden: Golden = Golden()

    def after(
        self,
        said: Mapping[AccountTrait, str | None],
        at: datetime,
        source: str,
        *,
        proven: bool = True,
    ) -> Account:
        """What is known after a source said this of it; of each trait the newest value stands.

        What anybody could say, in the name of any company, counts only while nobody else has said anything.
        """
        held: dict[str, Held] = {
            trait: Held(value, at, source, hint=not proven)
            for trait, value in said.items()
            if proven or trait not in OURS
        }
        golden = self.golden.after(held, {})
        return self if golden is self.golden else Account(golden)


Memberships = dict[str, datetime]
"""By account id: when somebody was last said to belong to it."""
MOST_MEMBERSHIPS = 100
"""The newest are kept: any page may say a group, and whoever has the row pays for all of them with every event."""


def joined(memberships: Memberships, account_id: str, at: datetime) -> Memberships:
    """The memberships after one more was said."""
    known = memberships.get(account_id)
    if known is not None and known >= at:
        return memberships
    after = {**memberships, account_id: at}
    if len(after) <= MOST_MEMBERSHIPS:
        return after
    oldest = min(after, key=lambda one: (after[one], one))
    kept = {one: said for one, said in after.items() if one != oldest}
    return memberships if oldest == account_id else kept


def united_memberships(ours: Memberships, theirs: Memberships) -> Memberships:
    """Those under two names."""
    united = dict(sorted(ours.items()))
    for account_id, at in sorted(theirs.items()):
        united = joined(united, account_id, at)
    return dict(sorted(united.items()))
