"""A journey as a picture: what begins it, its steps from top to bottom, its ways side by side."""

from orchestrator.domain.picture.drawing import draw
from orchestrator.domain.picture.layout import Box, Drawn, Line, laid_out

__all__ = ["Box", "Drawn", "Line", "draw", "laid_out"]
