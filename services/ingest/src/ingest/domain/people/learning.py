"""What a message teaches about a person, and what of it others are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from common.contracts.profiles import (
    ActivityRecorded,
    ConsentChanged,
    ContactChanged,
    TraitsChanged,
)
from ingest.domain.people.asking import CONFIRM_WITHIN, ask
from ingest.domain.people.confirmations import pressed
from ingest.domain.people.consents import Standing, Statement, restate
from ingest.domain.people.golden import FieldRules, Held, Trait
from ingest.domain.people.state import Profile

_SAID_OFTEN = frozenset({"identify", "preferences"})
"""Traits are said again with every visit, a banner's preferences with every event; the ledger keeps of them what changed something."""


class Learned(msgspec.Struct, frozen=True):
    """The profile afterwards, and what follows for others."""

    profile: Profile
    ledger: tuple[Statement, ...] = ()
    told: tuple[TraitsChanged | ConsentChanged, ...] = ()
    snapshot: ContactChanged | None = None
    """None: the version is as it was."""
    confirmed: tuple[ActivityRecorded, ...] = ()
    """Double opt-ins by the link of a mail, which nobody but us can tell others of."""


def learn(
    profile: Profile,
    *,
    at: datetime,
    statements: Sequence[Statement],
    traits: Mapping[Trait, str | None] | None = None,
    hints: Mapping[Trait, str] | None = None,
    source: str = "",
    rules: FieldRules | None = None,
    confirm_within: timedelta = CONFIRM_WITHIN,
) -> Learned:
    """Take in what a source said at an instant of somebody's traits, and statements of consent."""
    if not (traits or hints or statements):
        return Learned(profile)  # as most say only what was done
    said: dict[str, Held] = {
        t: Held(value, at, source, hint=True) for t, value in (hints or {}).items()
    }
    said.update((trait, Held(value, at, source)) for trait, value in (traits or {}).items())
    known = profile.golden
    golden = known.after(said, rules or {}) if said else known
    asked, consents, turned = profile.asked, profile.consents, list[Standing]()
    if statements:
        asked, statements = ask(asked, statements, confirm_within)
        consents, turned = _weigh(consents, [s for s in statements if s.step is None])
    if golden is known and consents is profile.consents and asked is profile.asked:
        return Learned(profile, _kept(statements, turned))
    after = msgspec.structs.replace(
        profile, record=golden.stands, lost=golden.lost, consents=consents, asked=asked
    )
    if after.snapshot == profile.snapshot and after.birthday == profile.birthday:
        confirmed = pressed((profile,), after, confirm_within)
        return Learned(after, _kept(statements, turned), confirmed=confirmed)
    after = msgspec.structs.replace(after, version=profile.version + 1)
    return Learned(
        after,
        _kept(statements, turned),
        (*traits_changed(profile, after), *consents_changed(after.version, turned)),
        after.snapshot,
        pressed((profile,), after, confirm_within),
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
    return tuple(s for s in statements if s.via not in _SAID_OFTEN or s.key in changed)


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
        birthday=profile.birthday,
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
