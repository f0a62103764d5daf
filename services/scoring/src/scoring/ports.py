"""What the folds need from outside, in the words of scoring."""

from __future__ import annotations

from typing import Protocol

from scoring.domain.lead_model import LeadModel


class LeadModels(Protocol):
    """The models in force."""

    def of(self, workspace: str) -> LeadModel:
        """A workspace's model; the default one where it published none."""
        ...
