"""Content types, as far as it matters whether they mean JSON."""

from __future__ import annotations


def essence_of(content_type: str) -> str:
    """The type without its parameters, in small letters."""
    return content_type.partition(";")[0].strip().lower()


def is_json(content_type: str) -> bool:
    """`*/json` and `*/*+json`."""
    _, _, subtype = essence_of(content_type).partition("/")
    return subtype == "json" or subtype.endswith("+json")
