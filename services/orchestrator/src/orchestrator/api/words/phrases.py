"""The small words of which sentences are made: lengths of time, money, names, channels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

_MAIL = "email"
_CHANNELS = {_MAIL: "e-mail", "sms": "SMS", "ads": "ad audience", "webhook": "webhook"}
_MESSAGES = {_MAIL: "mail", "sms": "SMS", "ads": "audience change", "webhook": "webhook call"}
_WITHOUT_MINOR_UNITS = frozenset({"CLP", "ISK", "JPY", "KRW", "VND", "XAF", "XOF", "XPF"})
_HOUR = 3_600
_STEPS = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s"))


def length(span: timedelta) -> str:
    """A span as people say it: `40 ms`, `3 s`, `5 min`, `2 h 10 min`, `3 d`; its sign does not count."""
    seconds = abs(span.total_seconds())
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0 ", " ")
    whole = round(seconds) if seconds < _HOUR else 60 * round(seconds / 60)
    for size, unit, part_size, part_unit in _STEPS:
        if whole >= size:
            parts = whole % size // part_size
            return f"{whole // size} {unit}" + (f" {parts} {part_unit}" if parts else "")
    return f"{whole} s"


def money(amount: int, currency: str) -> str:
    """An amount in minor units, in figures."""
    if currency in _WITHOUT_MINOR_UNITS:
        return f"{amount} {currency}"
    return f"{amount / 100:.2f} {currency}"


def plain(name: str) -> str:
    """A technical name as words: `late_riser` becomes `late riser`."""
    return name.replace("_", " ")


def step(id_: str) -> str:
    """A step's id as words: `0` becomes `1`, `2.then.0` becomes `3 / then / 1`; people count from one."""
    parts = (str(int(part) + 1) if part.isdecimal() else plain(part) for part in id_.split("."))
    return " / ".join(parts)


def channel(name: str) -> str:
    return _CHANNELS.get(name, plain(name))


def message(channel_name: str | None) -> str:
    """What one sends there: a mail, an SMS; `message` where the channel is not known."""
    return "message" if channel_name is None else _MESSAGES.get(channel_name, "message")


def listed(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def sentence(text: str) -> str:
    """With a capital first letter."""
    return text[:1].upper() + text[1:]
