"""orchestrator's HTTP edge: publication of configuration, explanations, and the live page."""

from orchestrator.api.access import Access
from orchestrator.api.app import Ports, build, with_health
from orchestrator.api.live.board import Board, fill
from orchestrator.api.publication.publishing import Publisher

__all__ = ["Access", "Board", "Ports", "Publisher", "build", "fill", "with_health"]
