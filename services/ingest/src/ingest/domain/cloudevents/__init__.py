"""CloudEvents 1.0: what an event says, in our words, and the three ways in which HTTP carries it."""

from ingest.domain.cloudevents.attributes import Attributes, attributes_of
from ingest.domain.cloudevents.headers import FlawedHeaderError, Mode, binary_event, mode_of
from ingest.domain.cloudevents.reading import read

__all__ = [
    "Attributes",
    "FlawedHeaderError",
    "Mode",
    "attributes_of",
    "binary_event",
    "mode_of",
    "read",
]
