"""When something happened, told by clocks that may be wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Nothing that a shop sends happened before; a clock that says so was never set."""
TOLERANCE = timedelta(days=1)
"""How far a client's clock may be ahead before what it says is no time at all."""
TRANSIT = timedelta(seconds=5)
"""How long a request may take: a difference this small is the way and no wrong clock. Of two requests of one visitor the way differs,
and what was done first would seem to have been done last."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_BELOW = 100_000_000_000
"""Numbers from here on are milliseconds (1973), below they are seconds (until the year 5138)."""


def parse_instant(value: object) -> datetime | None:
    """An ISO 8601 text or a number since 1970, as an instant in UTC; None when it is neither."""
    try:
        if isinstance(value, str):
            parsed = datetime.fromisoformat(value.strip())
            aware = parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)
            return aware.astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = value if abs(value) < _SECONDS_BELOW else value / 1000
            return _EPOCH + timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return None
    return None


def occurred_at(
    received_at: datetime, *, timestamp: datetime | None, sent_at: datetime | None
) -> datetime:
    """When it happened by the server's clock: `received − (sent − timestamp)`.

    The client's clock cancels out, so a wrong one does no harm. Without `sent_at`, or where the clocks differ by no more than a
    request may take, the time stamp is taken as it is.
    What cannot be (after it was received, before there were shops like these) becomes the time of receipt.
    """
    moment = _corrected(received_at, timestamp, sent_at)
    return received_at if moment is None or not EARLIEST <= moment <= received_at else moment


def misdated(
    received_at: datetime, *, timestamp: datetime | None, sent_at: datetime | None
) -> datetime | None:
    """The client's time stamp where no clock that is merely wrong explains it: 1970, 2099. None where all is well."""
    moment = _corrected(received_at, timestamp, sent_at)
    if timestamp is None or (moment and EARLIEST <= moment <= received_at + TOLERANCE):
        return None
    return timestamp


def _corrected(
    received_at: datetime, timestamp: datetime | None, sent_at: datetime | None
) -> datetime | None:
    if timestamp is None or sent_at is None or abs(received_at - sent_at) <= TRANSIT:
        return timestamp
    try:
        return received_at - (sent_at - timestamp)
    except OverflowError:
        return None
