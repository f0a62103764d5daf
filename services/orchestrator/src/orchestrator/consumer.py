"""The table of the orchestrator: which payload type is folded by what, and which topics are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo

from common.configuration import Configuration, Release, Workspace, workspace_of
from common.consuming import Handlers
from common.contracts import deliveries
from common.contracts.decisions import (
    EnrollmentRequested,
    EnrollmentRevoked,
    ProfileWoken,
    ShelfNoticed,
)
from common.contracts.profiles import ActivityRecorded, ConsentChanged, LeadScored, TraitsChanged
from common.merging import Kept, with_merges
from orchestrator.domain.library import EMPTY, KIND, Library
from orchestrator.domain.playbook import parse_playbook
from orchestrator.domain.state import ProfileState
from orchestrator.handlers import JourneyFolds, JourneyMerger

LOOP: Final = "orchestrator.consume"
ANCHOR: Final = "profile.activity"
SERVICE: Final = "orchestrator"
INPUTS: Final = (
    "profile.activity",
    "profile.scores",
    "delivery.status",
    "orchestrator.commands",
    "orchestrator.handover",
)
"""Consents and activities before scores and statuses, within a batch."""

STATUSES: Final[tuple[type[deliveries.DeliveryStatus], ...]] = (
    deliveries.DeliverySkipped,
    deliveries.DeliveryHeld,
    deliveries.DeliverySent,
    deliveries.DeliveryDelivered,
    deliveries.DeliveryOpened,
    deliveries.DeliveryClicked,
    deliveries.DeliveryBounced,
    deliveries.DeliveryComplained,
    deliveries.DeliveryFailed,
    deliveries.DeliveryUnknown,
)


VOID: Final = (TraitsChanged.TYPE, ConsentChanged.TYPE, LeadScored.TYPE, ProfileWoken.TYPE)
"""How a merged profile stood, or that it was woken, says nothing of the one that it became: that one's own are told anew with the merge."""


def handlers(configuration: Configuration) -> Handlers[Kept[ProfileState]]:
    """The index under this configuration, of profiles that may become one."""
    library_of = libraries(configuration)
    return with_merges(journey_handlers(library_of), JourneyMerger(library_of), SERVICE, void=VOID)


def libraries(configuration: Configuration) -> Callable[[str], Library]:
    """Each workspace's playbooks, compiled once."""
    found = {
        name: _library(release, configuration) for name, release in configuration.releases.items()
    }
    return lambda workspace: found.get(workspace, EMPTY)


def journey_handlers(library_of: Callable[[str], Library]) -> Handlers[ProfileState]:
    """The index of one profile's journeys."""
    folds = JourneyFolds(library_of)
    return Handlers(
        records={
            ActivityRecorded.TYPE: folds.activity,
            TraitsChanged.TYPE: folds.news(TraitsChanged),
            ConsentChanged.TYPE: folds.news(ConsentChanged),
            LeadScored.TYPE: folds.news(LeadScored),
            ProfileWoken.TYPE: folds.woken,
            EnrollmentRequested.TYPE: folds.enroll,
            EnrollmentRevoked.TYPE: folds.revoke,
            ShelfNoticed.TYPE: folds.shelf,
            **{status.TYPE: folds.delivery(status) for status in STATUSES},
        },
        timer=folds.due,
    )


def check_playbooks(release: Release) -> None:
    """The check before a release is taken, and before one is published.

    Raises:
        DocumentError: a playbook, or a workspace's value for one of its parameters, is wrong.
    """
    workspace = workspace_of(release)
    for content in release.all(KIND):
        name, overrides = content.name, workspace.parameters.get(content.name, {})
        parse_playbook(name, content.hash, content.files, overrides, segments=workspace.segments)


def _library(release: Release, configuration: Configuration) -> Library:
    workspace = workspace_of(release)
    zone = ZoneInfo(workspace.contact_policy.time_zone)
    return Library(
        release.all(KIND),
        configuration.contents,
        workspace.parameters,
        zone,
        adapters_of(workspace),
        transitions=release.transitions,
        paused=release.paused,
        resumed=release.resumed,
        segments=workspace.segments,
    )


def adapters_of(workspace: Workspace) -> frozenset[str]:
    """The channels on which a workspace can send; whoever has named no sender yet has the sink, which takes mails."""
    return frozenset({"email", *workspace.senders})
