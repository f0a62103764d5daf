"""What a message teaches about a person, and what of it others are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from common.contracts.profiles import ConsentChanged, ContactChanged, TraitsChanged
from ingest.domain.people.consents import Standing, Statement, restate
from ingest.domain.people.golden import Trait, merge
from ingest.domain.people.state import Profile

_SAID_OFTEN = "identify"
"""Traits are said again with every visit, so of them the ledger keeps only what changed something."""


@dataclass(frozen=True, slots=True)
class Learned:
    """The profile afterwards, and what follows for others."""

    profile: Profile
    ledger: tuple[Statement, ...] = ()
    told: tuple[TraitsChanged | ConsentChanged, ...] = ()
    snapshot: ContactChanged | None = None
    """None: nothing in it changed."""


def learn(
    profile: Profile,
    *,
    traits: Mapping[Trait, str | None],
    hints: Mapping[Trait, str],
    at: datetime,
    statements: Sequence[Statement],
) -> Learned:
    """Take in traits said at an instant and statements of consent."""
    said = {**{t: v for t, v in hints.items() if profile.trait(t) is None}, **traits}
    record = merge(profile.record, said, at) if said else profile.record
    consents, turned = _weigh(profile.consents, statements)
    if record is profile.record and consents is profile.consents:
        return Learned(profile, _kept(statements, turned))
    after = msgspec.structs.replace(profile, record=record, consents=consents)
    if after.snapshot == profile.snapshot:
        return Learned(after, _kept(statements, turned))
    after = msgspec.structs.replace(after, version=profile.version + 1)
    return Learned(
        after,
        _kept(statements, turned),
        (*traits_changed(profile, after), *consents_changed(after.version, turned)),
        after.snapshot,
    )


def _weigh(
    consents: dict[str, Standing], statements: Sequence[Statement]
) -> tuple[dict[str, Standing], list[Standing]]:
    """The consents after all statements, and those that were turned."""
    turned: dict[str, Standing] = {}
    for statement in statements:
        before = consents.get(statement.key)
        after = restate(before, statement)
        if after is before:
            continue
        consents = {**consents, statement.key: after}
        if before is None or before.granted != after.granted:
            turned[statement.key] = after
    return consents, list(turned.values())


def _kept(statements: Sequence[Statement], turned: Sequence[Standing]) -> tuple[Statement, ...]:
    changed = {f"{standing.channel}.{standing.purpose}" for standing in turned}
    return tuple(s for s in statements if s.via != _SAID_OFTEN or s.key in changed)


def traits_changed(before: Profile, after: Profile) -> tuple[TraitsChanged, ...]:
    """What others are told of the traits, if anything of it is another."""
    told, known = _public(after), _public(before)
    return (told,) if msgspec.structs.replace(told, profile_version=before.version) != known else ()


def _public(profile: Profile) -> TraitsChanged:
    return TraitsChanged(
        profile_version=profile.version,
        locale=profile.trait("locale"),
        time_zone=profile.trait("time_zone"),
        country=profile.trait("country"),
        reachable=profile.reachable,
    )


def consents_changed(version: int, turned: Sequence[Standing]) -> tuple[ConsentChanged, ...]:
    """What others are told of consents that stand."""
    return tuple(
        ConsentChanged(
            profile_version=version,
            channel=standing.channel,
            purpose=standing.purpose,
            granted=standing.granted,
            basis=standing.basis,
            since=standing.since,
            proof_id=standing.proof_id,
        )
        for standing in turned
    )
