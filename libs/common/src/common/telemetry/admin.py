"""Whether a request carries the admin key."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

_SCHEME = "bearer "


def is_admin(headers: Mapping[str, str], admin_key_sha256: str | None) -> bool:
    """True when `authorization: Bearer <key>` holds the key of that hash; compared in constant time.

    `headers` by names in lower case. Without a hash nobody is.
    """
    given = headers.get("authorization", "")
    if admin_key_sha256 is None or given[: len(_SCHEME)].lower() != _SCHEME:
        return False
    digest = hashlib.sha256(given[len(_SCHEME) :].strip().encode()).hexdigest()
    return hmac.compare_digest(digest, admin_key_sha256.lower())
