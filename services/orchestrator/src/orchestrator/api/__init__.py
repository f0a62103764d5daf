"""orchestrator's HTTP edge: publication of configuration, explanations, and the live pages."""

from orchestrator.api.access import Access
from orchestrator.api.app import Ports, build, with_health
from orchestrator.api.live.board import Board, fill
from orchestrator.api.publication.publishing import Publisher
from orchestrator.api.sources.board import SourceBoard, fill_sources

__all__ = [
    "Access",
    "Board",
    "Ports",
    "Publisher",
    "SourceBoard",
    "build",
    "fill",
    "fill_sources",
    "with_health",
]
