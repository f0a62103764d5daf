"""orchestrator's HTTP edge: publication of configuration, explanations, and the live pages."""

from orchestrator.api.access import Access
from orchestrator.api.app import Ports, build, with_health
from orchestrator.api.live.board import Board
from orchestrator.api.noticeboard import fill
from orchestrator.api.publication.publishing import Publisher
from orchestrator.api.sources.board import SourceBoard

__all__ = [
    "Access",
    "Board",
    "Ports",
    "Publisher",
    "SourceBoard",
    "build",
    "fill",
    "with_health",
]
