"""The vocabulary in which all that follows speaks of activities, and what other vocabularies' words are in it."""

from ingest.domain.vocabulary.names import CANONICAL, canonical_name

__all__ = ["CANONICAL", "canonical_name"]
