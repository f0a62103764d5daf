"""The HTTP edge: unsubscribe, preferences, view in browser, halt and resume; it appends and answers."""

from dispatcher.api.app import build
from dispatcher.api.edge import Edge

__all__ = ["Edge", "build"]
