"""What every look-up asks of who looks: an admin's key, and text that something of ours can be called."""

from __future__ import annotations

from collections.abc import Mapping
from functools import wraps

from common.errors import PermanentError
from common.telemetry import Handler, Request, is_admin

Answer = tuple[int, object]
_STRANGER: Answer = (401, {"error": "unauthorized", "detail": "an admin key is needed"})


def for_admins(routes: Mapping[str, Handler], key_sha256: str | None) -> Mapping[str, Handler]:
    """The routes, each behind the admin's key; they hold personal data or say how a shop does."""
    return {path: _behind(handler, key_sha256) for path, handler in routes.items()}


def _behind(handler: Handler, key_sha256: str | None) -> Handler:
    @wraps(handler)
    async def answer(request: Request) -> Answer:
        if not is_admin(request.headers, key_sha256):
            return _STRANGER
        for text in (*request.params.values(), *request.query.values()):
            _check_text(text)
        return await handler(request)

    return answer


def _check_text(text: str) -> None:
    """Refuse what nothing of ours can be called, as the edge does: the database would not even look for it.

    Raises:
        PermanentError: `nul_character` or `not_unicode`.
    """
    if "\0" in text:
        raise PermanentError("nul_character", "the question holds the character U+0000")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise PermanentError("not_unicode", "the question holds half a character") from error
