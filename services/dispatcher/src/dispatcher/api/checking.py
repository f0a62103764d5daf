"""Templates checked before they are published: only the dispatcher knows what it could send."""

from __future__ import annotations

import re
from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from dispatcher.api.admin import admin_router
from dispatcher.api.edge import Edge
from dispatcher.domain.templates import TemplateError, find_problems

_DETAIL: Final = re.compile(
    r"(?P<file>[^:]+?)(?::(?P<line>\d+))?(?::\d+)?: (?P<message>.*)", re.DOTALL
)


class PlaybookFiles(BaseModel):
    """A playbook as `cuestream apply` would publish it."""

    name: str
    files: dict[str, str]


class Playbooks(BaseModel):
    """What to check."""

    playbooks: list[PlaybookFiles]


class TemplateProblem(BaseModel):
    """One thing that is wrong, and where; said as the orchestrator says its own."""

    file: str
    line: int
    column: int = 1
    message: str


def routes(edge: Edge) -> APIRouter:
    """It asks nobody and changes nothing."""
    router = admin_router(edge)

    @router.post("/templates/check")
    def check(asked: Playbooks) -> Response:
        """200 where every template could be sent, 422 with the problems where not."""
        problems = [
            _problem(playbook.name, error)
            for playbook in asked.playbooks
            for error in find_problems(playbook.files)
        ]
        if not problems:
            return JSONResponse({"problems": []})
        told = [problem.model_dump() for problem in problems]
        return JSONResponse({"error": "wrong_templates", "problems": told}, status_code=422)

    return router


def _problem(playbook: str, error: TemplateError) -> TemplateProblem:
    match = _DETAIL.fullmatch(error.detail)
    file, line, message = match.group("file", "line", "message") if match else ("", None, "")
    return TemplateProblem(
        file=f"playbooks/{playbook}/{file}", line=int(line or 1), message=message or error.detail
    )
