"""Whether a product can be ordered, in the words of shops, feeds and schema.org."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from common.errors import PermanentError

YES: Final = (
    "true",
    "yes",
    "1",
    "active",
    "available",
    "in_stock",
    "in_store_only",
    "online_only",
    "backorder",
    "on_backorder",
    "preorder",
    "presale",
    "made_to_order",
    "limited_availability",
)
NO: Final = (
    "false",
    "no",
    "0",
    "draft",
    "archived",
    "unavailable",
    "not_available",
    "out_of_stock",
    "sold_out",
    "discontinued",
)
_APART = re.compile(r"[\s_\-]+")
_SCHEMA = re.compile(r"https?://schema\.org/", re.IGNORECASE)
_LONGEST = 60


def _bare(word: str) -> str:
    """However it is written: `In Stock`, `in_stock`, `https://schema.org/InStock`."""
    return _APART.sub("", _SCHEMA.sub("", word.strip(), count=1)).lower()


_MEANT: Final = {_bare(word): True for word in YES} | {_bare(word): False for word in NO}


def available(properties: Mapping[str, Any]) -> bool | None:
    """What `available` says, else what `status` means; None where neither says it.

    A status is a shop's own word, and may be about something else; `available` is about nothing else.

    Raises:
        PermanentError: `unknown_availability`, nobody could say what is meant, and mails would go out on a guess.
    """
    said = properties.get("available")
    if said is None or said == "":
        return _meant(properties.get("status"))
    meant = _meant(said)
    if meant is None:
        raise PermanentError(
            "unknown_availability", "available says neither yes nor no, in no word that is known"
        )
    return meant


def _meant(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return bool(value) if value in (0, 1) else None
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    return _MEANT.get(_bare(value))
