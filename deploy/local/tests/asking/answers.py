"""What the apis say, and of whom."""

from __future__ import annotations

from typing import Any

ANNA = "dbb91cdf-ad91-5f12-8d71-5c389e11cb50"
EVENT = "8837beb7-8d0d-549e-9844-0b7c040f3abb"
AT = "2026-05-01T12:00:00.250000Z"


def entry(text: str, type_: str, tone: str = "plain", due_at: str | None = None) -> dict[str, Any]:
    return {"at": AT, "text": text, "type": type_, "tone": tone, "due_at": due_at}


def said(value: str | None, source: str | None) -> dict[str, Any]:
    return {"value": value, "source": source, "at": AT, "suggested": False}
