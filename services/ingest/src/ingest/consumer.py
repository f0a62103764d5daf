"""Which fold takes which record, and what the loop of resolve is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from common.configuration import Configuration, Release, Workspace, workspace_of
from common.consuming import Book, Folded, Handlers, Loop, Signal
from common.contracts.ingestion import ConsentConfirmed, EventAccepted
from common.contracts.profiles import ContactChanged, WithdrawalRequested
from ingest.domain.forms import email_of, phone_of
from ingest.domain.identifiers import EMAIL, PHONE, Identifier, identifier
from ingest.domain.people import DEFAULT_RULES, FieldRule, KindRule, People, Rules
from ingest.domain.tracking import UNKNOWN, Judge, Verdict, guard_of, planned_of
from ingest.handlers import fold_confirmation, fold_received, fold_snapshot, fold_withdrawal

NAME = "ingest.resolve"
Violated = Callable[[str, str, Verdict], None]
"""Told workspace, source and verdict."""
_unplanned = partial(planned_of, judge=None)


def handlers(configuration: Configuration, violated: Violated | None = None) -> Handlers[People]:
    """The index of resolve under each workspace's rules and tracking plan."""
    rules = ReleasedRules(configuration)
    plans = {
        name: partial(planned_of, judge=_judge(name, release, violated))
        for name, release in configuration.releases.items()
    }

    def accepted(state: People | None, signal: Signal, now: datetime) -> Folded[People]:
        plan = plans.get(signal.workspace, _unplanned)
        return fold_received(state, signal, now, rules.of(signal.workspace), plan)

    def confirmed(state: People | None, signal: Signal, now: datetime) -> Folded[People]:
        return fold_confirmation(state, signal, now, rules.of(signal.workspace))

    return Handlers(
        records={
            EventAccepted.TYPE: accepted,
            ConsentConfirmed.TYPE: confirmed,
            WithdrawalRequested.TYPE: fold_withdrawal,
            ContactChanged.TYPE: fold_snapshot,
        }
    )


def _judge(name: str, release: Release, violated: Violated | None) -> Judge | None:
    """Whom a workspace's events of strangers are shown; None where nothing is planned."""
    guard = guard_of(release)
    if guard is None:
        return None
    sources = workspace_of(release).sources

    def judge(source: str, event: str, properties: Mapping[str, Any]) -> Verdict:
        verdict = guard.judge(event, properties)
        if verdict.flaw is not None and violated is not None:
            # What strangers call their source is without number, and would be a label of a metric.
            violated(name, source if source in sources else UNKNOWN, verdict)
        return verdict

    return judge


class ReleasedRules:
    """Each workspace's rules, read once."""

    def __init__(self, configuration: Configuration) -> None:
        self._by_workspace = {
            name: rules_of(workspace_of(release))
            for name, release in configuration.releases.items()
        }

    def of(self, workspace: str) -> Rules:
        return self._by_workspace.get(workspace, DEFAULT_RULES)


def rules_of(workspace: Workspace) -> Rules:
    """One workspace's."""
    identity, sources = workspace.identity, workspace.sources.items()
    return Rules(
        kinds={
            linked.kind: KindRule(linked.at_most, linked.per, linked.single)
            for linked in identity.identifiers
        },
        devices=KindRule(identity.devices.at_most, identity.devices.per),
        never=frozenset(_identifier(text, identity.region) for text in identity.never),
        unproven=frozenset(
            name for name, source in sources if source.kind == "browser" and not identity.browsers
        ),
        registers=frozenset(
            name for name, source in sources if source.is_webhook and source.ids == "own"
        ),
        region=identity.region,
        confirm_within=workspace.consent.confirm_within,
        categories=workspace.consent.categories,
        golden={
            trait: FieldRule(rule.rule, rule.sources)
            for trait, rule in workspace.golden_record.items()
        },
    )


def _identifier(text: str, region: str | None) -> Identifier:
    kind, _, value = text.partition(":")
    normal = email_of(value) if kind == EMAIL else None
    if kind == PHONE:
        normal = phone_of(value, region)
    return identifier(kind, normal or value)


def loop(book: Book[People], violated: Violated | None = None) -> Loop[People]:
    """Resolve makes the time that all others follow, hence its own clock.

    `violated` is told of what breaks a tracking plan, again where a batch is folded again.
    """
    return Loop(
        name=NAME,
        anchor="ingest.events",
        inputs=("ingest.events", "ingest.commands", "profile.contacts"),
        handlers=partial(handlers, violated=violated),
        book=book,
        time="own",
    )
