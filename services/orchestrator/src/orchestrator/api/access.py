"""Who may ask: a key with the scope for the api, a signed cookie for the page, everybody on the local stack's page."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import HTTPException, Request

from common.clock import Clock
from common.telemetry import is_admin
from orchestrator.ports.administration import Administration, AdminKey, Scope

COOKIE = "cuestream_session"
SESSION = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Access:
    """The rule of admission; `secrets` sign the cookie, the first signs and all verify."""

    admin_key_sha256: str | None
    secrets: Sequence[bytes]
    local: bool
    secure: bool
    """Whether the page is reached by https, so that the cookie must not travel otherwise."""
    clock: Clock
    administration: Administration
    """Knows the keys besides the first admin's."""

    def knows(self, key: str) -> bool:
        """True for the admin key, in constant time."""
        return is_admin({"authorization": f"Bearer {key}"}, self.admin_key_sha256)

    async def require(self, request: Request, scope: Scope) -> str:
        """The caller's name, for the audit; 401 without a key, 403 where the key is for something else.

        Raises:
            TransientError: the keys cannot be looked up; the first admin's is known all the same.
        """
        if self.admin_key_sha256 is not None and is_admin(request.headers, self.admin_key_sha256):
            return f"key:{self.admin_key_sha256[:8]}"
        key = await self._key(request)
        if key is None:
            detail = "the admin key is missing or not accepted"
            raise HTTPException(401, detail, {"WWW-Authenticate": "Bearer"})
        if scope not in key.scopes:
            detail = f"the key {key.name} is for {', '.join(key.scopes)}, and this needs {scope}"
            raise HTTPException(403, detail)
        return f"key:{key.name}"

    async def _key(self, request: Request) -> AdminKey | None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            return None
        return await self.administration.key(hashlib.sha256(key.strip().encode()).hexdigest())

    def admits_page(self, request: Request) -> bool:
        return self.local or self.signed_in(request)

    def signed_in(self, request: Request) -> bool:
        expires, _, signature = request.cookies.get(COOKIE, "").partition(".")
        if not expires.isdecimal() or int(expires) <= self._seconds(self.clock()):
            return False
        return any(
            hmac.compare_digest(signature, self._sign(expires, secret)) for secret in self.secrets
        )

    def ticket(self) -> str:
        """The cookie's value for a new session."""
        expires = str(self._seconds(self.clock() + SESSION))
        return f"{expires}.{self._sign(expires, self.secrets[0])}"

    def _sign(self, expires: str, secret: bytes) -> str:
        # The key's hash is in it: who changes the admin key ends all sessions.
        text = f"orchestrator page session:{expires}:{self.admin_key_sha256}"
        return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()

    @staticmethod
    def _seconds(instant: datetime) -> int:
        return int(instant.timestamp())
