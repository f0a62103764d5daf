"""The description of the collector for people and machines."""

from ingest.api.reference.addresses import describe
from ingest.api.reference.page import page

__all__ = ["describe", "page"]
