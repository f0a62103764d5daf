"""Puts the routes together to one application."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from common.clock import Clock
from orchestrator.api.access import Access
from orchestrator.api.administration.routes import administration_routes
from orchestrator.api.failures import answer_failures
from orchestrator.api.headers import SafeHeaders
from orchestrator.api.live.board import Board
from orchestrator.api.live.rendering import Pages
from orchestrator.api.live.routes import page_routes, static_files
from orchestrator.api.playbooks.looking import Look
from orchestrator.api.playbooks.operating import Operator
from orchestrator.api.playbooks.pages import playbook_pages
from orchestrator.api.playbooks.routes import playbook_routes
from orchestrator.api.publication.publishing import Publisher
from orchestrator.api.publication.routes import publication_routes
from orchestrator.api.sources.board import SourceBoard
from orchestrator.api.sources.routes import source_routes
from orchestrator.api.story.routes import Teller, story_routes
from orchestrator.ports.commands import Commands
from orchestrator.ports.history import History
from orchestrator.ports.publication import Publications
from orchestrator.ports.roster import Roster

HEALTH_PATHS = frozenset({"/livez", "/readyz", "/metrics"})


@dataclass(frozen=True, slots=True)
class Ports:
    """What the application reaches the world by."""

    publisher: Publisher
    history: History
    board: Board
    sources: SourceBoard
    publications: Publications
    roster: Roster
    commands: Commands


def build(ports: Ports, access: Access, clock: Clock, *, version: str = "") -> FastAPI:
    """The whole application; it starts nothing by itself."""
    # The interactive documentation of FastAPI would load scripts from elsewhere.
    app = FastAPI(
        title="cuestream orchestrator",
        summary="Publish configuration; see and steer journeys; ask what was decided about a profile, and why.",
        version=version or "0",
        docs_url=None,
        redoc_url=None,
    )
    pages = Pages()
    teller = Teller(ports.history, clock)
    look = Look(ports.publications, ports.roster)
    operator = Operator(
        look,
        ports.publications,
        ports.publisher,
        ports.roster,
        ports.commands,
        access.administration,
        clock,
    )
    app.include_router(playbook_routes(look, operator, access))
    app.include_router(administration_routes(access.administration, access, clock))
    app.include_router(publication_routes(ports.publisher, access))
    app.include_router(story_routes(teller, access))
    app.include_router(page_routes(ports.board, pages, teller, access, clock))
    app.include_router(playbook_pages(look, pages, access, clock))
    app.include_router(source_routes(ports.sources, pages, access, clock))
    app.mount("/static", static_files())
    app.add_middleware(SafeHeaders)
    answer_failures(app, pages)
    return app


def with_health(app: ASGIApp, health: ASGIApp) -> ASGIApp:
    """The application, and beside it what every process answers about itself."""

    async def both(scope: Scope, receive: Receive, send: Send) -> None:
        chosen = health if scope.get("path") in HEALTH_PATHS else app
        await chosen(scope, receive, send)

    return both
