"""Contents are named by what is in them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from common.configuration.values import Content


def hash_of(files: Mapping[str, str]) -> str:
    """SHA-256 (hex) over the files sorted by path; each path and text is preceded by its length in bytes."""
    digest = hashlib.sha256()
    for path in sorted(files):
        for part in (path.encode(), files[path].encode()):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def content_of(kind: str, name: str, files: Mapping[str, str]) -> Content:
    """The content of these files under its hash."""
    return Content(kind=kind, name=name, hash=hash_of(files), files=dict(sorted(files.items())))
