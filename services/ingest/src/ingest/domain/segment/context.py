"""The part of a message's context that may travel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from common.contracts.profiles import ActivityContext
from ingest.domain.forms import locale_of
from ingest.domain.segment.scrubbing import scrub

_LONGEST = 300
_CAMPAIGN = ("id", "name", "source", "medium", "term", "content")
_TYPES = {
    "ios": "mobile",
    "android": "mobile",
    "mobile": "mobile",
    "tablet": "tablet",
    "desktop": "desktop",
    "web": "desktop",
}
_SERVER_LIBRARIES = re.compile(r"python|node|java\b|php|ruby|go\b|rust|net\b|http", re.IGNORECASE)
_TABLET = re.compile(r"iPad|Tablet|Android(?!.{0,200}Mobile)", re.IGNORECASE)
_MOBILE = re.compile(r"Mobi|iPhone", re.IGNORECASE)


def context_of(context: Mapping[str, Any], *, stated_at: datetime | None = None) -> ActivityContext:
    """Page path, campaign, locale and the class of the device; nothing else but a time stamp that cannot be."""
    return ActivityContext(
        page_path=_text(_at(context, "page", "path")),
        campaign=_campaign(context.get("campaign")),
        locale=locale_of(context.get("locale")),
        device_class=_device_class(context),
        stated_at=stated_at,
    )


def _campaign(value: object) -> dict[str, str] | None:
    if not isinstance(value, dict):
        return None
    found = ((name, _text(value.get(name))) for name in _CAMPAIGN)
    return {name: text for name, text in found if text is not None} or None


def _device_class(context: Mapping[str, Any]) -> str | None:
    kind = _at(context, "device", "type")
    if isinstance(kind, str) and kind:
        return _TYPES.get(kind.lower(), "other")
    agent = context.get("userAgent")
    if isinstance(agent, str) and agent:
        return _class_of_agent(agent[:500])
    library = _at(context, "library", "name")
    return "server" if isinstance(library, str) and _is_of_servers(library[:100]) else None


# The same few are said again and again, and looking through them takes longer than what else is done with a context.
@lru_cache(maxsize=512)
def _is_of_servers(library: str) -> bool:
    return _SERVER_LIBRARIES.search(library) is not None


@lru_cache(maxsize=512)
def _class_of_agent(agent: str) -> str:
    if _TABLET.search(agent):
        return "tablet"
    return "mobile" if _MOBILE.search(agent) else "desktop"


def _text(value: object) -> str | None:
    return scrub(value[:_LONGEST].replace("\0", "")) if isinstance(value, str) and value else None


def _at(context: Mapping[str, Any], outer: str, inner: str) -> object:
    value = context.get(outer)
    return value.get(inner) if isinstance(value, dict) else None
