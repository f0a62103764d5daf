"""Two profiles turn out to be one person: the winner's has all that both knew, the loser's only leads to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from common.contracts.profiles import ConsentChanged, ProfileMerged, TraitsChanged
from ingest.domain.people.consents import Standing
from ingest.domain.people.golden import united
from ingest.domain.people.learning import consents_changed, traits_changed
from ingest.domain.people.state import People, Profile


@dataclass(frozen=True, slots=True)
class Merge:
    """What others are told of a merge."""

    merged: ProfileMerged
    loser: Profile
    """As it is afterwards."""
    winner: Profile
    told: tuple[TraitsChanged | ConsentChanged, ...]
    """Of the winner: what the loser may have changed."""


def merge_profiles(
    people: People, loser_id: UUID, winner_id: UUID, now: datetime
) -> tuple[People, Merge]:
    """Let one profile become the other; both must be roots, and two."""
    loser, before = people.profiles[loser_id], people.profiles[winner_id]
    version = max(loser.version, before.version) + 1
    winner = msgspec.structs.replace(
        before,
        version=version,
        claimed=before.claimed or loser.claimed,
        record=united(before.record, loser.record),
        consents=_most_restrictive(before.consents, loser.consents, now),
    )
    left = Profile(
        version=version,
        claimed=loser.claimed,
        snapshot_read=loser.snapshot_read,
        merged_into=winner_id,
    )
    merge = Merge(
        merged=ProfileMerged(loser=loser_id, winner=winner_id, profile_version=version),
        loser=left,
        winner=winner,
        told=(
            *traits_changed(before, winner),
            # Also those that stand as before: what is known of the loser's elsewhere must not outweigh them.
            *consents_changed(version, [winner.consents[key] for key in sorted(loser.consents)]),
        ),
    )
    moved = {who: winner_id for who, owner in people.identities.items() if owner == loser_id}
    people = people.with_profile(loser_id, left).with_profile(winner_id, winner)
    for who, owner in moved.items():
        people = people.linked(who, owner)
    return people.touched(loser_id, now).touched(winner_id, now), merge


def _most_restrictive(
    ours: Mapping[str, Standing], theirs: Mapping[str, Standing], now: datetime
) -> dict[str, Standing]:
    return {
        key: _restricted([said[key] for said in (ours, theirs) if key in said], now)
        for key in sorted({*ours, *theirs})
    }


def _restricted(said: Sequence[Standing], now: datetime) -> Standing:
    """A no of either outlives every yes that was meant before the merge, whatever their order.

    Silence is no statement: who said yes under one name has said it.
    """
    refusals = [standing for standing in said if not standing.granted]
    first = min(refusals or said, key=lambda standing: (standing.since, standing.proof_id))
    weighed_at = max(standing.weighed_at for standing in said)
    return msgspec.structs.replace(
        first, weighed_at=max(weighed_at, now) if refusals else weighed_at
    )
