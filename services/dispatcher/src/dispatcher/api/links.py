"""Where the links of a mail lead: unsubscribe, preferences, view in browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from common.errors import PermanentError, TransientError
from dispatcher.api.edge import Edge
from dispatcher.api.pages import HEADERS, Pages
from dispatcher.api.words import words_for
from dispatcher.domain.delivery import TRANSACTIONAL
from dispatcher.domain.links import links_of
from dispatcher.domain.templates import TemplateError, render
from dispatcher.domain.tokens import MailToken

Answer = Callable[[MailToken, Pages], Awaitable[Response]]

_LARGEST_FORM = 4096
_CHOICES = ("marketing", "*")
_VIEW_HEADERS = dict(HEADERS) | {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; base-uri 'none'; frame-ancestors 'none'"
}


def routes(edge: Edge) -> APIRouter:
    """All of them work without cookies, scripts and logins: the token is the proof."""
    links, router = (
        _Links(edge),
        APIRouter(tags=["links in mails"], default_response_class=HTMLResponse),
    )
    for path, method, route in (
        ("/u/{token}", "GET", links.ask),
        ("/u/{token}", "HEAD", links.ask),
        ("/u/{token}", "POST", links.unsubscribe),
        ("/p/{token}", "GET", links.preferences),
        ("/p/{token}", "HEAD", links.preferences),
        ("/p/{token}", "POST", links.choose),
        ("/v/{token}", "GET", links.view),
        ("/v/{token}", "HEAD", links.view),
    ):
        router.add_api_route(path, route, methods=[method], include_in_schema=method != "HEAD")
    return router


class _Links:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def ask(self, token: str, request: Request) -> Response:
        """A page with a button; scanners follow links, so a GET never unsubscribes."""

        async def answer(_: MailToken, pages: Pages) -> Response:
            return pages.unsubscribe(token)

        return await self._answered(token, request, answer)

    async def unsubscribe(self, token: str, request: Request) -> Response:
        """One click, by a mail program (RFC 8058) or by the button; when it answers 2xx, the no is in the log."""

        async def answer(known: MailToken, pages: Pages) -> Response:
            await self._edge.withdraw(known, _meant(known), "one_click")
            return pages.unsubscribed(token)

        return await self._answered(token, request, answer)

    async def preferences(self, token: str, request: Request) -> Response:
        """What may be switched off."""

        async def answer(_: MailToken, pages: Pages) -> Response:
            return pages.preferences(token)

        return await self._answered(token, request, answer)

    async def choose(self, token: str, request: Request) -> Response:
        """Switch it off; nothing can be switched on here."""

        async def answer(known: MailToken, pages: Pages) -> Response:
            choice = await _choice(request)
            if choice is None:
                return pages.nothing_chosen(token)
            await self._edge.withdraw(known, choice, "preference_page")
            return pages.saved()

        return await self._answered(token, request, answer)

    async def view(self, token: str, request: Request) -> Response:
        """The mail in the browser, written anew from what it was made of."""

        async def answer(known: MailToken, pages: Pages) -> Response:
            try:
                html = await _rewritten(self._edge, known)
            except TemplateError:
                html = None
            return pages.gone() if html is None else HTMLResponse(html, headers=_VIEW_HEADERS)

        return await self._answered(token, request, answer)

    async def _answered(self, token: str, request: Request, answer: Answer) -> Response:
        words = words_for(request.headers.get("accept-language", ""))
        try:
            known = self._edge.token(token)
        except PermanentError:
            return Pages(words, {}).bad_link()
        rules = self._edge.rulebook.rules(known.workspace)
        pages = Pages(words, rules.brand if rules else {})
        try:
            return await answer(known, pages)
        except TransientError:
            return pages.not_now()


def _meant(token: MailToken) -> str:
    """What one click says no to: advertising, and the kind of mail that it stands in."""
    return "marketing" if token.purpose in ("marketing", TRANSACTIONAL) else "*"


async def _choice(request: Request) -> str | None:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            return None
    chosen = parse_qs(body.decode("utf-8", "replace")).get("no", [])
    # The most that was asked for: who chose both chose the farther-reaching one.
    return next((choice for choice in reversed(_CHOICES) if choice in chosen), None)


async def _rewritten(edge: Edge, token: MailToken) -> str | None:
    rules = edge.rulebook.rules(token.workspace)
    mail = await edge.archive.mail(token.workspace, token.delivery_id)
    if rules is None or mail is None:
        return None
    delivery, recipient = mail
    templates = edge.rulebook.templates(delivery.request.playbook, delivery.request.version)
    if templates is None or delivery.profile_id != token.profile_id:
        return None
    links = links_of(
        delivery,
        token.address_hash,
        rules=rules,
        templates=templates,
        public_url=edge.public_url,
        secrets=edge.secrets,
    )
    return render(templates, delivery, recipient, rules, links).html
