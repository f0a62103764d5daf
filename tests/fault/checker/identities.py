"""I1, I2 and I3 of resolve: its rows and its output against the sequential reference."""

from __future__ import annotations

import msgspec

from ingest.consumer import NAME
from tests.fault.checker.output import Written
from tests.fault.checker.people import PeopleRefolding, Registry
from tests.fault.checker.quarantine import Ends, Quarantine
from tests.fault.checker.releases import Releases
from tests.fault.checker.report import Report
from tests.fault.history.model import History

_encode = msgspec.json.Encoder().encode


def check_identities(
    history: History, releases: Releases, quarantine: Quarantine, written: Written, report: Report
) -> Registry:
    """Fold all journals of resolve anew and compare; returns who is known at the end."""
    refolding = PeopleRefolding(history, releases, Ends("ingest", quarantine, report), report)
    refolding.run()
    registry = refolding.registry
    _compare_identities(history, registry, report)
    _compare_profiles(history, registry, report)
    _compare_seen(history, registry, report)
    _compare_consents(history, registry, report)
    for partition, output in refolding.outputs.items():
        output.compare(written.places(NAME, partition), report)
    return registry


def _compare_identities(history: History, registry: Registry, report: Report) -> None:
    """By what the profiles have become: who held a row while two were merged links it anew when it is next used."""
    wanted = dict(registry.identities)
    for row in history.rows("ingest.identities"):
        key = (row.workspace, row.kind, row.value)
        reference = wanted.pop(key, None)
        if row.profile_id is None:
            continue
        roots = [
            None if profile is None else registry.root(row.workspace, profile)
            for profile in (reference, row.profile_id)
        ]
        if roots[0] != roots[1]:
            report.find("I3", "an identity that is not the sequential fold", key)
    for key in wanted:
        report.find("I3", "an identity that is missing", key, also="lost")


def _compare_profiles(history: History, registry: Registry, report: Report) -> None:
    wanted = dict(registry.profiles)
    for row in history.rows("ingest.profiles"):
        key = (row.workspace, row.profile_id)
        profile = wanted.pop(key, None)
        if profile is None:
            report.find("I3", "a person whom nothing led to", row.profile_id)
            continue
        reference = (
            profile.version,
            _encode(profile).decode(),
            profile.merged_into,
            registry.nows.get(key),
        )
        if reference != (row.version, row.record, row.merged_into, row.now):
            report.find("I3", "a person who is not the sequential fold", row.profile_id)
    for key in wanted:
        report.find("I3", "a person who is missing", key, also="lost")


def _compare_consents(history: History, registry: Registry, report: Report) -> None:
    """A statement moves with a merge, and the same one is kept once."""
    wanted = {
        (workspace, registry.root(workspace, profile), *rest)
        for workspace, profile, *rest in registry.proofs
    }
    found = {
        (row.workspace, row.profile_id, row.proof_id, row.channel, row.purpose)
        for row in history.rows("ingest.consents")
    }
    for key in wanted - found:
        report.find("I3", "a statement that the ledger lacks", key, also="lost")
    for key in found - wanted:
        report.find("I3", "a statement that nobody made", key, also="doubled")


def _compare_seen(history: History, registry: Registry, report: Report) -> None:
    wanted = dict(registry.seen)
    for row in history.rows("ingest.seen_messages"):
        key = (row.workspace, row.event_id)
        sighting = wanted.pop(key, None)
        if sighting is None:
            report.find("I2", "an event that was taken in unheard or twice", key, also="doubled")
        elif (sighting.profile_id, sighting.seen_at, sighting.partition) != (
            row.profile_id,
            row.seen_at,
            row.partition,
        ):
            report.find("I3", "a sighting that is not the sequential fold", key)
    for key in wanted:
        report.find("I1", "an event that was not taken in", key, also="lost")
