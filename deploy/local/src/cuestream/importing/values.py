"""What cells of a table mean: instants, yes and no."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cuestream.importing.lines import BadLineError

_YES = frozenset({"1", "true", "yes", "y", "ja", "granted"})
_NO = frozenset({"0", "false", "no", "n", "nein", "withdrawn"})


def first_of(values: Mapping[str, Any], *names: str) -> str | None:
    """The first of these columns that holds anything, as text."""
    for name in names:
        value = values.get(name)
        if value not in (None, "") and not isinstance(value, dict | list | bool):
            return str(value)
    return None


def instant(value: object) -> str | None:
    """A time stamp as RFC 3339, UTC where it names no zone; None when it is none.

    ISO 8601, or seconds or milliseconds since 1970.
    """
    if isinstance(value, bool):
        return None
    try:
        if isinstance(value, int | float) or (isinstance(value, str) and value.strip().isdigit()):
            number = float(value)
            number = number if number < 1e11 else number / 1000
            return datetime.fromtimestamp(number, UTC).isoformat()
        if isinstance(value, str):
            at = datetime.fromisoformat(value.strip())
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()
    except (ValueError, OverflowError, OSError):
        return None
    return None


def moment(values: Mapping[str, Any], *names: str) -> str | None:
    """The instant in the first of these columns that holds anything.

    Raises:
        BadLineError: `no_time`, what stands there is none.
    """
    for name in names:
        value = values.get(name)
        if value not in (None, ""):
            at = instant(value)
            if at is None:
                raise BadLineError(
                    "no_time", f"{name} is not a time; write it like 2024-05-01T08:30:00Z"
                )
            return at
    return None


def yes_or_no(text: str) -> bool:
    """What a cell says.

    Raises:
        BadLineError: `neither_yes_nor_no`.
    """
    word = text.strip().lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise BadLineError("neither_yes_nor_no", "say yes or no")
