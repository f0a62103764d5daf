"""The vocabulary in which all that follows speaks of activities, and what other vocabularies' words are in it."""

from ingest.domain.vocabulary.names import CANONICAL, canonical_name
from ingest.domain.vocabulary.properties import (
    ABOUT_PROMOTIONS,
    EVENT,
    ONE_PRODUCT,
    PRODUCT,
    PROMOTION,
    Words,
)

__all__ = [
    "ABOUT_PROMOTIONS",
    "CANONICAL",
    "EVENT",
    "ONE_PRODUCT",
    "PRODUCT",
    "PROMOTION",
    "Words",
    "canonical_name",
]
