"""What a test expects, thing by thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from typing_extensions import override

from common.documents import Value, format_duration

ERRANDS: Final = ("call", "voucher", "audience")
OUTCOMES: Final = ("rejected", "cancelled", "deferred", "expired")


@dataclass(frozen=True, slots=True)
class Expected:
    """One thing that shall come of it."""

    at: timedelta | None
    """So long after the beginning, to the second; None: at any time."""
    kind: str
    """`message`, `decision`, `entered`, `exited`, `step`, `emitted` or an errand."""
    what: Mapping[str, str]
    line: int

    @override
    def __str__(self) -> str:
        return said(self.what, self.at)


def said(what: Mapping[str, str], after: timedelta | None) -> str:
    """One thing in words: `message hello, channel email after 1h`."""
    words = ", ".join(f"{name} {value}" for name, value in what.items() if value)
    return words if after is None else f"{words} after {format_duration(after)}"


def read_expected(value: Value) -> Expected:
    fields = value.fields(
        optional=[
            "after",
            "message",
            "channel",
            "decision",
            "reason",
            "entered",
            "exited",
            "step",
            "emitted",
            "operation",
            *ERRANDS,
        ]
    )
    kinds = [kind for kind in _EXPECTED if kind in fields]
    if len(kinds) != 1:
        value.fail(f"what is expected is one of {', '.join(_EXPECTED)}")
    more = [name for name in ("channel", "reason", "operation") if name in fields]
    what = {name: fields[name].text() for name in (kinds[0], *more)}
    if kinds[0] == "decision":
        fields["decision"].one_of(OUTCOMES)
    after = fields.get("after")
    return Expected(
        after.duration() if after is not None else None,
        kinds[0],
        what,
        value.finding("").line,
    )


_EXPECTED: Final = ("message", "decision", "entered", "exited", "step", "emitted", *ERRANDS)
