"""Where the link leads by which a mail asks for consent: a page with a button, which is half of a double opt-in."""

from __future__ import annotations

from ipaddress import ip_address

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from common.errors import PermanentError, TransientError
from dispatcher.api.edge import Edge
from dispatcher.api.metrics import CONFIRMATIONS
from dispatcher.api.pages import Pages
from dispatcher.api.words import words_for
from dispatcher.domain.confirming import Asked, Verdict, judge_confirmation
from dispatcher.domain.tokens import ConfirmToken

NOBODYS = "-"
"""The workspace of a link that nobody signed: what it says counts for nothing, also as a label."""


def routes(edge: Edge) -> APIRouter:
    """They work without cookies, scripts and logins: the token is the proof."""
    links = _Confirmations(edge)
    router = APIRouter(tags=["links in mails"], default_response_class=HTMLResponse)
    for method, route in (("GET", links.ask), ("HEAD", links.ask), ("POST", links.confirm)):
        router.add_api_route(
            "/c/{token}", route, methods=[method], include_in_schema=method != "HEAD"
        )
    return router


class _Confirmations:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def ask(self, token: str, request: Request) -> Response:
        """A page with a button; scanners follow links, so a GET never confirms.

        403 after a withdrawal, 404 for a link that nobody signed, 409 once confirmed, 410 when it is too late.
        """
        pages = self._pages(request, None)
        try:
            known = self._edge.confirmation(token)
            pages = self._pages(request, known)
            verdict, _ = await self._judged(known)
        except PermanentError:
            return pages.bad_link()
        except TransientError:
            return pages.not_now()
        return pages.confirm(token) if verdict == "open" else pages.not_confirmed(verdict)

    async def confirm(self, token: str, request: Request) -> Response:
        """By the button; when it answers 2xx, the yes is in the log. It refuses as the page does."""
        pages, workspace = self._pages(request, None), NOBODYS
        try:
            known = self._edge.confirmation(token)
            pages, workspace = self._pages(request, known), known.workspace
            outcome, page = await self._confirmed(known, pages, request)
        except PermanentError:
            outcome, page = "forged", pages.bad_link()
        except TransientError:
            outcome, page = "unavailable", pages.not_now()
        CONFIRMATIONS.labels(workspace, outcome).inc()
        return page

    async def _confirmed(
        self, known: ConfirmToken, pages: Pages, request: Request
    ) -> tuple[str, HTMLResponse]:
        verdict, asked = await self._judged(known)
        if verdict != "open" or asked is None:
            return verdict, pages.not_confirmed(verdict)
        await self._edge.confirm(known, asked.delivery, _address(request))
        return "accepted", pages.confirmed()

    async def _judged(self, token: ConfirmToken) -> tuple[Verdict, Asked | None]:
        asked = await self._edge.archive.asked(token.workspace, token.delivery_id)
        return judge_confirmation(token, asked, self._edge.clock()), asked

    def _pages(self, request: Request, token: ConfirmToken | None) -> Pages:
        words = words_for(request.headers.get("accept-language", ""))
        rules = self._edge.rulebook.rules(token.workspace) if token else None
        return Pages(words, rules.brand if rules else {})


def _address(request: Request) -> str | None:
    """Whose button it was; None where a proxy forwards what is no address, for that proves nothing."""
    try:
        return str(ip_address(request.client.host)) if request.client else None
    except ValueError:
        return None
