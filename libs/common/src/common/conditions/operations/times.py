"""Instants and durations: how they are written, their bounds, and their parts in a time zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from common.conditions.errors import NoValueError
from common.conditions.operations.failures import need_texts

_MAX_DURATION = timedelta(microseconds=2**63 // 1000)
"""292 years: as others, who count nanoseconds in 64 bits."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?(?:d|h|ms|us|ns|m|s))+|0", re.ASCII)
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?)(d|h|ms|us|ns|m|s)", re.ASCII)
_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)", re.ASCII)


def bounded(value: Any) -> Any:
    """The value, if it is no longer than CEL's longest duration."""
    if isinstance(value, timedelta) and not -_MAX_DURATION <= value <= _MAX_DURATION:
        raise NoValueError("the duration is too long")
    return value


def to_duration(text: Any) -> timedelta:
    """`1h30m`, `90s`, `250ms`, and (beyond CEL, as in playbooks) `7d`; a minus in front makes it negative."""
    if isinstance(text, timedelta):
        return text
    need_texts(text)
    digits = text.removeprefix("-")
    if not _DURATION.fullmatch(digits):
        raise NoValueError("not a duration")
    seconds = sum(float(amount) * _SECONDS[unit] for amount, unit in _PART.findall(digits))
    found: timedelta = bounded(timedelta(seconds=-seconds if text.startswith("-") else seconds))
    return found


def to_timestamp(value: Any) -> datetime:
    """From `2026-11-27T08:00:00+01:00` or from seconds since 1970; finer than microseconds is cut."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return _EPOCH + timedelta(seconds=value)
    need_texts(value)
    match = _INSTANT.fullmatch(value)
    if match is None:
        raise NoValueError("not an instant")
    second, fraction, zone = match.groups()
    written = f"{second}.{(fraction or '0')[:6]:0<6}{'+00:00' if zone in 'Zz' else zone}"
    return datetime.fromisoformat(written).astimezone(UTC)


def seconds_since_epoch(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(seconds=1)


def written_instant(at: datetime) -> str:
    utc = at.astimezone(UTC).isoformat()
    text, _, _ = utc.partition("+")
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}Z"


def written_duration(value: timedelta) -> str:
    micros = abs(value) // timedelta(microseconds=1)
    seconds, rest = divmod(micros, 1_000_000)
    fraction = f".{rest:06}".rstrip("0") if rest else ""
    return f"{'-' if value < timedelta() else ''}{seconds}{fraction}s"


@lru_cache(maxsize=512)
def zone_of(name: str) -> tzinfo:
    """`Europe/Berlin` or `+02:00`.

    Raises:
        NoValueError: there is no such time zone.
    """
    match = _OFFSET.fullmatch(name)
    if match is None:
        try:
            return ZoneInfo(name)
        # A name may also be that of a folder, or hold what no path may.
        except (ValueError, OSError, LookupError) as error:
            raise NoValueError(f"`{name}` is not a time zone") from error
    sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if offset >= timedelta(days=1) or int(minutes) > 59:
        raise NoValueError(f"`{name}` is not an offset from UTC")
    return timezone(-offset if sign == "-" else offset)


def _local(at: Any, zone: Any) -> datetime:
    if not isinstance(at, datetime):
        raise NoValueError("this needs an instant")
    if isinstance(zone, tzinfo):
        return at.astimezone(zone)
    need_texts(zone)
    return at.astimezone(zone_of(zone))


_OF_INSTANT: dict[str, Callable[[datetime], int]] = {
    "getFullYear": lambda at: at.year,
    "getMonth": lambda at: at.month - 1,
    "getDate": lambda at: at.day,
    "getDayOfMonth": lambda at: at.day - 1,
    "getDayOfWeek": lambda at: at.isoweekday() % 7,
    "getDayOfYear": lambda at: at.timetuple().tm_yday - 1,
    "getHours": lambda at: at.hour,
    "getMinutes": lambda at: at.minute,
    "getSeconds": lambda at: at.second,
    "getMilliseconds": lambda at: at.microsecond // 1000,
}
_OF_DURATION = {
    "getHours": timedelta(hours=1),
    "getMinutes": timedelta(minutes=1),
    "getSeconds": timedelta(seconds=1),
}


def part_of_time(name: str, of: Any, zone: str = "UTC") -> int:
    """What a getter gives: of an instant its part in the zone, of a duration the whole."""
    if not isinstance(of, timedelta):
        return _OF_INSTANT[name](_local(of, zone))
    if name == "getMilliseconds":
        millis = abs(of) // timedelta(milliseconds=1) % 1000
    else:
        millis = abs(of) // _OF_DURATION[name]
    return -millis if of < timedelta() else millis
