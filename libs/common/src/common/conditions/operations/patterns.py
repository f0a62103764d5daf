"""Regular expressions in linear time, as CEL demands, by the engine that checks tracking plans."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jsonschema_rs

from common.conditions.errors import NoValueError
from common.conditions.operations.failures import need_texts

Pattern = Callable[[str], bool]
MAX_PATTERN = 500
_MAX_SIZE = 1 << 18
"""Bytes of a compiled pattern: `(a{100}){100}` would need many."""


@lru_cache(maxsize=256)  # patterns that are no constants are few, too
def compiled_pattern(pattern: str) -> Pattern:
    """Whether the pattern is found anywhere in a text.

    Raises:
        NoValueError: it is none, too large, or needs more than linear time (look-around, back references).
    """
    if len(pattern) > MAX_PATTERN:
        raise NoValueError(f"the pattern is longer than {MAX_PATTERN} characters")
    try:
        return jsonschema_rs.validator_for(
            {"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions(size_limit=_MAX_SIZE)
        ).is_valid
    except (jsonschema_rs.ValidationError, ValueError) as error:
        raise NoValueError(f"`{pattern}` is not a pattern") from error


def matches(text: Any, pattern: Any) -> bool:
    need_texts(text, pattern)
    return compiled_pattern(pattern)(text)


def matches_pattern(text: Any, pattern: Pattern) -> bool:
    """As `matches`, where the pattern is known beforehand."""
    need_texts(text)
    return pattern(text)
