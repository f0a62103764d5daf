"""Translates what the driver raises into the two words for failure."""

from __future__ import annotations

import re
from typing import NoReturn

import asyncpg

from common.errors import PermanentError, TransientError

_TRANSIENT = {
    "08": "database_unavailable",  # connection exceptions
    "25P03": "database_unavailable",  # ended for idling in a transaction
    "25006": "database_unavailable",  # read only: we still talk to the former primary
    "40": "database_conflict",  # deadlock, serialization
    "53": "database_unavailable",  # too many connections, disk full, out of memory
    "55P03": "database_conflict",  # lock_timeout
    "57": "database_unavailable",  # shutdown, starting up, cancelled
    "58": "database_unavailable",  # the server's own I/O
}
_REJECTED = ("22", "23", "54")
"""Data exceptions, violated constraints, limits: the values will never be taken."""

_GONE = re.compile("clos|released back to the pool")
"""How the driver says that the connection ended under us; its other complaints are bugs of the caller."""

DRIVER_ERRORS: tuple[type[Exception], ...] = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


def translate(error: Exception) -> NoReturn:
    """Raise the error in our words; one that is a bug (a wrong statement) is raised as it is.

    Details never hold values, and neither does the chain of a rejection: the driver quotes them, and they may be personal.
    """
    known = translated(error)
    if known is None:
        raise error
    if isinstance(known, PermanentError):
        raise known from None
    raise known from error


def translated(error: Exception) -> PermanentError | TransientError | None:
    """The error in our words, or None for a bug."""
    if isinstance(error, asyncpg.PostgresError):
        return _from_server(error, str(getattr(error, "sqlstate", None) or ""))
    if isinstance(error, asyncpg.InterfaceError) and not _GONE.search(str(error)):
        return None
    return TransientError("database_unavailable", type(error).__name__)


def _from_server(error: Exception, state: str) -> PermanentError | TransientError | None:
    reason = _TRANSIENT.get(state) or _TRANSIENT.get(state[:2])
    if reason is not None:
        return TransientError(reason, f"{type(error).__name__} ({state})")
    if state[:2] in _REJECTED:
        constraint = getattr(error, "constraint_name", None) or ""
        return PermanentError("rejected_by_database", f"{state} {constraint}".strip())
    return None
