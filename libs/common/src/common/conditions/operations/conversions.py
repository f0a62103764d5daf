"""From one type to another, where CEL knows how."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from common.conditions.errors import NoValueError
from common.conditions.operations.failures import fitting, need_numbers
from common.conditions.operations.times import (
    seconds_since_epoch,
    written_duration,
    written_instant,
)

_TRUE = ("1", "t", "true", "TRUE", "True")
_FALSE = ("0", "f", "false", "FALSE", "False")
_WHOLE = re.compile(r"[+-]?[0-9]{1,20}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,5})?", re.ASCII)


def to_dyn(value: Any) -> Any:
    return value


def to_int(value: Any) -> int:
    """From a number (cut towards zero), decimal text, or an instant (seconds since 1970)."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return fitting(int(value))
    if isinstance(value, datetime):
        return seconds_since_epoch(value)
    need_numbers(value)
    # -2^63 is where the doubles between are cut, so CEL refuses it as it refuses 2^63.
    if isinstance(value, float) and not -(2.0**63) < value < 2.0**63:
        raise NoValueError("the number does not fit into 64 bits")
    return fitting(int(value))


def to_double(value: Any) -> float:
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return float(value)
    need_numbers(value)
    return float(value)


def to_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in (*_TRUE, *_FALSE):
        return value in _TRUE
    raise NoValueError("neither true nor false")


def to_text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case float():
            return repr(value).removesuffix(".0")
        case int():
            return str(value)
        case datetime():
            return written_instant(value)
        case timedelta():
            return written_duration(value)
        case _:
            raise NoValueError("this is not written as text")
