"""Looking into text."""

from __future__ import annotations

from typing import Any

from common.conditions.operations.failures import need_texts


def contains(text: Any, part: Any) -> bool:
    need_texts(text, part)
    return part in text


def starts_with(text: Any, part: Any) -> bool:
    need_texts(text, part)
    return bool(text.startswith(part))


def ends_with(text: Any, part: Any) -> bool:
    need_texts(text, part)
    return bool(text.endswith(part))
