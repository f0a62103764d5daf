"""Segment's library for browsers on a page of ours, in a real Chromium."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Request, sync_playwright
from typing_extensions import override

from tests.compat.tools import chromium

_PAGE = b"""<!doctype html><title>Shop</title><script src="/index.js"></script>"""
_LOADED = """async ([key, collector]) => {
  window.analytics = AnalyticsNext.AnalyticsBrowser.load({ writeKey: key, cdnURL: collector });
  await window.analytics.ready();
}"""
_SAID = """async (calls) => {
  const told = [];
  for (const [name, args] of calls) {
    const context = await window.analytics[name](...args);
    told.push(context.event);
  }
  return told;
}"""


@contextmanager
def page_server(library: Callable[[], Path]) -> Iterator[str]:
    """Serve one page, and the library beside it from the folder that is asked for then; yields its origin."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(library()))

        @override
        def do_GET(self) -> None:
            if self.path != "/":
                super().do_GET()
                return
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(_PAGE)))
            self.end_headers()
            self.wfile.write(_PAGE)

        @override
        def log_message(self, format: str, *arguments: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Browser:
    """One page on which the library is loaded."""

    page: Page
    answers: list[tuple[str, str, int, str]]
    """Of each request to the collector the method, the path, the status and the content type that it had."""

    def say(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[dict[str, Any]]:
        """Calls, one after the other; returns the events that the library made of them."""
        found: list[dict[str, Any]] = self.page.evaluate(_SAID, list(calls))
        return found

    def posted(self) -> set[str]:
        """Where it has had answers from so far."""
        self.page.evaluate("0")  # lets playwright take in what happened
        return {path for method, path, _, _ in self.answers if method == "POST"}


@contextmanager
def opened(origin: str, collector: str, key: str) -> Iterator[Browser]:
    """The page in a browser of its own, the library loaded with nothing but the collector's settings document.

    While it is open, playwright's event loop is this thread's: nothing else can be awaited meanwhile.
    """
    answers: list[tuple[str, str, int, str]] = []

    def note(request: Request) -> None:
        reply = request.response()
        if request.url.startswith(collector) and reply is not None:
            kind = request.headers.get("content-type", "")
            answers.append((request.method, request.url[len(collector) :], reply.status, kind))

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(playwright), chromium_sandbox=os.getuid() != 0
        )
        try:
            page = browser.new_page()
            page.on("requestfinished", note)
            page.goto(origin + "/")
            page.evaluate(_LOADED, [key, collector])
            yield Browser(page, answers)
        finally:
            browser.close()
