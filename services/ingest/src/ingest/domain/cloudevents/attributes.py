"""The context attributes of a CloudEvent that we act upon; all others are kept with the event and not looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.errors import PermanentError
from ingest.domain.packing import unpacked

SPECVERSION = "1.0"
REQUIRED = ("specversion", "id", "source", "type")

# RFC 3339 also allows a small t and z, and the 61st second that no clock of ours can hold.
_TIMESTAMP = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,30})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_SPACE = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class Attributes:
    """What of an event's context counts here."""

    message_id: str
    type: str
    user: str | None
    visitor: str | None

    @property
    def identity(self) -> str:
        """The user id, else the anonymous id; empty where nobody is named."""
        return self.user or self.visitor or ""

    def check_identity(self) -> None:
        """Refuse an event of nobody; only what is said of a product is nobody's.

        Raises:
            PermanentError: `no_identity`.
        """
        if not self.identity:
            detail = "neither subject, userid nor anonymousid is given"
            raise PermanentError("no_identity", detail)


def attributes_of(event: Mapping[str, Any]) -> Attributes:
    """Read and check an event in the JSON format; a member that is null is as if not there.

    The user is who `userid` names, else the `subject`; the visitor is who `anonymousid` names. CloudEvents knows
    neither of the two extension attributes, and their names are all that it allows: small letters and digits.

    Raises:
        PermanentError: `invalid_attribute`, `unknown_specversion` or `invalid_data`.
    """
    for name in REQUIRED:
        _check_required(name, event.get(name))
    if _SPACE.search(event["source"]):
        raise PermanentError("invalid_attribute", "source is no URI reference")
    _check_optional(event)
    _check_data(event)
    return Attributes(
        message_id=message_id_of(event["source"], event["id"]),
        type=event["type"],
        user=text_of(event.get("userid")) or text_of(event.get("subject")),
        visitor=text_of(event.get("anonymousid")),
    )


def message_id_of(source: str, id_: str) -> str:
    """Both together name an event, not the id alone; no source holds a space, so no two pairs are the same."""
    return f"{source} {id_}"


def text_of(value: object) -> str | None:
    """A string or an integer as text; None where there is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None


def _check_required(name: str, value: object) -> None:
    if value is None:
        raise PermanentError("invalid_attribute", f"{name} is missing")
    if not isinstance(value, str) or not value:
        raise PermanentError("invalid_attribute", f"{name} must be a text that is not empty")
    if name == "specversion" and value != SPECVERSION:
        raise PermanentError("unknown_specversion", "specversion must be 1.0")


def _check_optional(event: Mapping[str, Any]) -> None:
    for name in ("subject", "datacontenttype", "dataschema"):
        value = event.get(name)
        if value is not None and not isinstance(value, str):
            raise PermanentError("invalid_attribute", f"{name} must be a text")
    time = event.get("time")
    if time is not None and not (isinstance(time, str) and _TIMESTAMP.fullmatch(time)):
        raise PermanentError("invalid_attribute", "time is no timestamp as RFC 3339 writes it")


def _check_data(event: Mapping[str, Any]) -> None:
    packed = event.get("data_base64")
    if packed is None:
        return
    if event.get("data") is not None:
        raise PermanentError("invalid_data", "both data and data_base64 are given")
    if not isinstance(packed, str) or unpacked(packed) is None:
        raise PermanentError("invalid_data", "data_base64 is not base64")
