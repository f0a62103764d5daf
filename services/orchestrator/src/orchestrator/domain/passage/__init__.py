"""How an enrollment moves through its journey: entering, going from step to step, resting, proposing, ending."""

from orchestrator.domain.passage.advancing import admits, advance, enter, is_due, remembered
from orchestrator.domain.passage.notes import Notes, end

__all__ = ["Notes", "admits", "advance", "end", "enter", "is_due", "remembered"]
