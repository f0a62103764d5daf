"""Every failure as one shape, `{"error", "detail"}`, or as a page where a person asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from common.errors import PermanentError, TransientError
from orchestrator.api.live.rendering import Pages
from orchestrator.api.live.routes import AwayError, to_login
from orchestrator.api.publication.intending import ProblemsError
from orchestrator.api.publication.publishing import MovedError

_RETRY_AFTER = {"Retry-After": "2"}
_NAMES = {401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "not_allowed"}
_STATUS = {
    "transition_under_way": 409,
    "unknown_content": 404,
    "unknown_playbook": 404,
    "unknown_key": 404,
    "key_exists": 409,
}
_TITLES = {404: "There is no such page", 503: "For the moment this cannot be read"}


@dataclass(frozen=True, slots=True)
class Failure:
    """What is answered instead."""

    status: int
    error: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)


def failure_of(error: Exception) -> Failure:
    """The answer that says what went wrong."""
    match error:
        case ProblemsError():
            problems = [problem.model_dump() for problem in error.problems]
            return Failure(422, error.reason, error.detail, more={"problems": problems})
        case MovedError():
            between = [change.model_dump() for change in error.changes]
            return Failure(409, error.reason, error.detail, more={"changes": between})
        case TransientError():
            return Failure(503, error.reason, error.detail, _RETRY_AFTER)
        case PermanentError():
            return Failure(_STATUS.get(error.reason, 400), error.reason, error.detail)
        case RequestValidationError():
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            return Failure(422, "unreadable", f"{place}: {first['msg']}")
        case HTTPException():
            name = _NAMES.get(error.status_code, "refused")
            return Failure(error.status_code, name, str(error.detail), dict(error.headers or {}))
        case _:
            raise error


def answer_failures(app: FastAPI, pages: Pages) -> None:
    """Let the application answer every failure that is not a bug."""

    async def answer(request: Request, error: Exception) -> Response:
        failure = failure_of(error)
        headers = dict(failure.headers)
        if _is_for_a_person(request):
            title = _TITLES.get(failure.status, "This did not work")
            page = pages.page("trouble", title=title, detail=failure.detail, signed_in=False)
            return HTMLResponse(page, failure.status, headers)
        body = {"error": failure.error, "detail": failure.detail, **failure.more}
        return JSONResponse(body, failure.status, headers)

    async def away(request: Request, _: Exception) -> Response:
        return to_login(request)

    for kind in (TransientError, PermanentError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, answer)
    app.add_exception_handler(AwayError, away)


def _is_for_a_person(request: Request) -> bool:
    wants_page = "text/html" in request.headers.get("accept", "")
    return wants_page and not request.url.path.startswith("/v1/")
