"""The table of scoring: which payload type is folded by what, and which loop reads them."""

from __future__ import annotations

from typing import Final

from common.configuration import Configuration, Release
from common.consuming import Handlers
from common.contracts.deliveries import (
    DeliveryBounced,
    DeliveryClicked,
    DeliveryComplained,
    DeliveryDelivered,
    DeliveryOpened,
    DeliverySent,
)
from common.contracts.profiles import ActivityRecorded
from common.merging import Kept, with_merges
from scoring.domain.lead_model import DEFAULT_LEAD_MODEL, LeadModel, parse_lead_model
from scoring.domain.lead_score import LeadStanding
from scoring.handlers import LeadFolds, LeadMerger
from scoring.ports import LeadModels

LOOP: Final = "scoring.consume"
ANCHOR: Final = "profile.activity"
SERVICE: Final = "scoring"
INPUTS: Final = (
    "profile.activity",
    "delivery.status",
    "scoring.handover",
    "scoring.commands",
)


class ReleasedModels:
    """The lead models of a configuration, each read once."""

    def __init__(self, configuration: Configuration) -> None:
        self._by_workspace = {
            name: lead_model(release) for name, release in configuration.releases.items()
        }

    def of(self, workspace: str) -> LeadModel:
        return self._by_workspace.get(workspace, DEFAULT_LEAD_MODEL)


def handlers(configuration: Configuration) -> Handlers[Kept[LeadStanding]]:
    """The index under this configuration, of profiles that may become one."""
    models = ReleasedModels(configuration)
    return with_merges(lead_handlers(models), LeadMerger(models), SERVICE)


def lead_handlers(models: LeadModels) -> Handlers[LeadStanding]:
    """The index of one profile's standing."""
    folds = LeadFolds(models)
    return Handlers(
        records={
            ActivityRecorded.TYPE: folds.activity,
            DeliverySent.TYPE: folds.delivery(DeliverySent, "sent"),
            DeliveryDelivered.TYPE: folds.delivery(DeliveryDelivered, "delivered"),
            DeliveryOpened.TYPE: folds.delivery(DeliveryOpened, "opened"),
            DeliveryClicked.TYPE: folds.delivery(DeliveryClicked, "clicked"),
            DeliveryBounced.TYPE: folds.delivery(DeliveryBounced, "bounced"),
            DeliveryComplained.TYPE: folds.delivery(DeliveryComplained, "complained"),
        },
        timer=folds.decay,
    )


def check_lead_model(release: Release) -> None:
    """The check before a release is taken.

    Raises:
        DocumentError: the published model is not one.
    """
    lead_model(release)


def lead_model(release: Release) -> LeadModel:
    """The model in force under a release."""
    content = release.one("lead_model")
    return parse_lead_model(content.files, content.hash) if content else DEFAULT_LEAD_MODEL
