"""How an event is known to be about a product, and about nobody."""

from __future__ import annotations

import re

UPDATED, DELETED = "Product Updated", "Product Deleted"
PREFIX = "product:"
"""Of the key under which what is said of a product is appended, so that it keeps its order."""
_NAMES = {name.lower(): name for name in (UPDATED, DELETED)}
_FIRST = "product"
_LONGEST, _LONGEST_ID = 40, 200
_ADDRESS = re.compile(r"@|%40|^\+\d{7}")
"""What is somebody's becomes no key of the catalog, which everybody reads and which is kept."""


def event_name(event: object) -> str | None:
    """Which of the catalog's events this is; None where it is another one."""
    if (
        not isinstance(event, str)
        or event[: len(_FIRST)].lower() != _FIRST
        or len(event) > _LONGEST
    ):
        return None
    return _NAMES.get(" ".join(event.replace("_", " ").split()).lower())


def product_id_of(event: object, properties: object) -> str | None:
    """The product that an event is about, and nobody else; None where it is none of the catalog's."""
    if event_name(event) is None or not isinstance(properties, dict):
        return None
    found = properties.get("product_id")
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    text = str(found)[: _LONGEST_ID + 1]
    if not text or len(text) > _LONGEST_ID or "\0" in text or _ADDRESS.search(text):
        return None
    return text
