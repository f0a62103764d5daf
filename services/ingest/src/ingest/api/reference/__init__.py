"""The description of the collector and of the look-ups for people and machines."""

from ingest.api.reference.addresses import describe
from ingest.api.reference.asking import describe_lookups, description
from ingest.api.reference.page import page

__all__ = ["describe", "describe_lookups", "description", "page"]
