"""Bytes that are written as text."""

from __future__ import annotations

import base64
import binascii


def unpacked(text: str) -> bytes | None:
    """The bytes of a base64 text; None when it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
