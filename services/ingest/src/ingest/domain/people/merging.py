"""Two profiles turn out to be one person: the winner's has all that both knew, the loser's only leads to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from common.contracts.profiles import (
    ActivityRecorded,
    ConsentChanged,
    ProfileMerged,
    TraitsChanged,
)
from common.ids import derive
from ingest.domain.people.accounts import united_memberships
from ingest.domain.people.asking import CONFIRM_WITHIN, Askings, met, united_askings
from ingest.domain.people.confirmations import pressed
from ingest.domain.people.consents import (
    DOUBLE_OPT_IN,
    MERGE,
    Standing,
    Statement,
    refused,
    restate,
)
from ingest.domain.people.golden import FieldRules
from ingest.domain.people.learning import consents_changed, traits_changed
from ingest.domain.people.state import People, Profile

Standings = Mapping[str, Standing]
"""By `channel.purpose`."""


@dataclass(frozen=True, slots=True)
class Merge:
    """What others are told of a merge."""

    merged: ProfileMerged
    loser: Profile
    """As it is afterwards."""
    winner: Profile
    told: tuple[TraitsChanged | ConsentChanged, ...]
    """Of the winner: what the loser may have changed."""
    confirmed: tuple[ActivityRecorded, ...]
    """By the link of a mail, of what was asked under the other name."""


def winner_of(people: People, one: UUID, other: UUID) -> UUID:
    """Who stays: a user rather than a visitor, then whose id is lower.

    An order of all profiles, whatever was said first: of any number that turn out to be one person, the same one stays
    whatever the order in which that is learned.
    """
    return min(one, other, key=lambda profile: (not people.profiles[profile].claimed, profile))


def united_profile(
    ours: Profile,
    theirs: Profile,
    now: datetime,
    rules: FieldRules,
    within: timedelta = CONFIRM_WITHIN,
) -> Profile:
    """What is known of one person under two names; the same whichever is called ours."""
    golden = ours.golden.united(theirs.golden, rules)
    grants = tuple(_grants(ours, theirs, now, within))
    asked = united_askings(ours.asked, theirs.asked)
    return msgspec.structs.replace(
        ours,
        version=max(ours.version, theirs.version) + 1,
        claimed=ours.claimed or theirs.claimed,
        registers=tuple(sorted(ours.known_in | theirs.known_in)),
        record=golden.stands,
        lost=golden.lost,
        consents=_by_first_confirmation(
            _confirmed(_most_restrictive(ours.consents, theirs.consents, now), grants),
            asked,
            within,
        ),
        asked=asked,
        accounts=united_memberships(ours.accounts, theirs.accounts),
    )


def merge_profiles(
    people: People,
    one: UUID,
    other: UUID,
    now: datetime,
    rules: FieldRules,
    within: timedelta = CONFIRM_WITHIN,
) -> tuple[People, Merge]:
    """Let two profiles become one; both must be roots, and two."""
    winner_id = winner_of(people, one, other)
    loser_id = other if winner_id == one else one
    loser, before = people.profiles[loser_id], people.profiles[winner_id]
    winner = united_profile(before, loser, now, rules, within)
    grants = tuple(_grants(before, loser, now, within))
    granted = {grant.key for grant in grants}
    version = winner.version
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
            *consents_changed(
                version, [winner.consents[key] for key in sorted({*loser.consents, *granted})]
            ),
        ),
        confirmed=pressed((before, loser), winner, within),
    )
    moved = {who: winner_id for who, owner in people.identities.items() if owner == loser_id}
    people = people.with_profile(loser_id, left).with_profile(winner_id, winner)
    for who, owner in moved.items():
        people = people.linked(who, owner)
    ledger = (*_outweighed(before, loser, merge, now), *grants)
    people = people.with_statements(winner_id, ledger)
    return people.touched(loser_id, now).touched(winner_id, now), merge


def _grants(
    ours: Profile, theirs: Profile, now: datetime, within: timedelta
) -> Iterator[Statement]:
    """Double opt-ins whose halves meet now: until then, nobody knew that they were one person's."""
    for key, answered in met(ours.asked, theirs.asked, within):
        yield replace(answered.grant(key), stated_at=now, via=MERGE)


def _confirmed(consents: Standings, grants: Iterable[Statement]) -> Standings:
    """After a no of either has got its weight: what was confirmed under another name revives nothing."""
    stands = dict(consents)
    for grant in grants:
        stands[grant.key] = restate(stands.get(grant.key), grant)
    return stands


def _by_first_confirmation(
    consents: Standings, asked: Askings, within: timedelta
) -> dict[str, Standing]:
    """Proven by the first confirmation of what was asked for last, under whichever name, whichever was learned first."""
    stands = dict(consents)
    for key, standing in consents.items():
        answered = asked[key].answered(within) if key in asked else None
        if answered is not None and standing.granted and standing.basis == DOUBLE_OPT_IN:
            grant = answered.grant(key)
            if standing.refused_at is None or grant.weight[0] > standing.refused_at:
                stands[key] = msgspec.structs.replace(standing, proof_id=grant.proof_id)
    return stands


def _outweighed(
    winner: Profile, loser: Profile, merge: Merge, now: datetime
) -> Iterator[Statement]:
    """The noes that the merge lets outweigh what was meant before it: the ledger must tell by itself what stands."""
    for key in sorted({*winner.consents, *loser.consents}):
        said = [one.consents[key] for one in (winner, loser) if key in one.consents]
        noes = sorted((standing for standing in said if not standing.granted), key=_age)
        if noes:
            no = noes[0]
            yield Statement(
                channel=no.channel,
                purpose=no.purpose,
                granted=False,
                basis=no.basis,
                stated_at=now,
                meant_at=max(standing.last_no_at for standing in noes),
                proof_id=derive("merged", merge.merged.loser, no.proof_id),
                via=MERGE,
            )


def _most_restrictive(ours: Standings, theirs: Standings, now: datetime) -> Standings:
    return {
        key: _restricted([said[key] for said in (ours, theirs) if key in said], now)
        for key in sorted({*ours, *theirs})
    }


def _restricted(said: Sequence[Standing], now: datetime) -> Standing:
    """A no of either outlives every yes that was meant before the merge, whatever their order.

    Silence is no statement: who said yes under one name has said it. What was asked for again after the last no and
    is confirmed after the merge counts, as it does where the names were known to be one person's before.
    """
    refusals = [standing for standing in said if not standing.granted]
    first = min(refusals or said, key=_age)
    weighed_at = max(standing.weighed_at for standing in said)
    if refusals:
        said_at = max(standing.last_no_at for standing in refusals)
        return refused(first, max(weighed_at, now), said_at)
    refused_at = max((s.refused_at for s in said if s.refused_at is not None), default=None)
    # A double opt-in proves more, as it does where both were said under one name; of several always the same one.
    optins = [standing for standing in said if standing.basis == DOUBLE_OPT_IN]
    proof = min(optins, key=lambda standing: standing.proof_id) if optins else first
    return msgspec.structs.replace(
        first,
        weighed_at=weighed_at,
        refused_at=refused_at,
        basis=proof.basis,
        proof_id=proof.proof_id,
    )


def _age(standing: Standing) -> tuple[datetime, UUID, str]:
    return standing.since, standing.proof_id, standing.basis
