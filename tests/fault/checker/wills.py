"""What each person wanted, as the dispatcher had folded it at any moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from dispatcher.domain.recipient import Recipient


class Will(NamedTuple):
    """One contact snapshot on its way into the dispatcher's tables."""

    appended_at: datetime
    """When it was on the log: before, nobody could know it."""
    known_at: datetime
    """When the journal told of the batch that folded it: from then on, nobody may not know it."""
    recipient: Recipient

    def allows(self, channel: str, purpose: str) -> bool:
        return (
            self.recipient.address(channel) is not None
            and self.recipient.consent(channel, purpose) is not None
        )


@dataclass(slots=True)
class Wills:
    """Per profile, in the order in which they were folded."""

    by_profile: defaultdict[UUID, list[Will]] = field(default_factory=lambda: defaultdict(list))

    def note(self, profile_id: UUID, will: Will) -> None:
        self.by_profile[profile_id].append(will)

    def possible(self, profile_id: UUID, at: datetime) -> Sequence[Will]:
        """Those of which one was the newest folded at that moment; more than one where it fell between.

        Of a profile that was merged into another one, that one's count.
        """
        found: list[Will] = []
        ahead, met = [profile_id], set[UUID]()
        while ahead:
            profile = ahead.pop()
            if profile in met:
                continue
            met.add(profile)
            for will in self._of(profile, at):
                became = will.recipient.merged_into
                if became is None:
                    found.append(will)
                else:
                    ahead.append(became)
        return found

    def _of(self, profile_id: UUID, at: datetime) -> Sequence[Will]:
        wills = self.by_profile.get(profile_id, [])
        known = [will for will in wills if will.known_at <= at]
        coming = [will for will in wills if will.appended_at <= at < will.known_at]
        return [*known[-1:], *coming]
