"""Somebody who reads a page of docs/connect and does what it says, from top to bottom, against a running stack."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from playwright.sync_api import Response, Route, sync_playwright

from cuestream.settings import inherited_environment
from tests.compat.tools import Node, chromium
from tests.e2e.connect.pages import WORKSPACE, Block
from tests.e2e.stack import Stack, eventually

ADDRESSES = ("http://localhost:8080", "http://127.0.0.1:8080")
SHOP = "https://shop.example/"
_PATIENCE = 40.0
_CALLS = re.compile(r"\b(?:analytics\.(?:page|track|identify)|sendBeacon)\(")
_ENVIRONMENT = "environment"


@dataclass
class Reader:
    """Has a shell whose variables last from block to block, in a folder where the configuration lies."""

    stack: Stack
    folder: Path
    node: Callable[[], Node]
    """With the libraries that pages have installed."""
    variables: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        commands = self.folder / "bin"
        commands.mkdir(exist_ok=True)
        command = commands / "cuestream"
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -m cuestream "$@"\n')
        command.chmod(0o755)
        known = inherited_environment()
        self.variables = {
            **known,
            **self.stack.secrets,
            "PATH": f"{commands}:{known['PATH']}",
            "NO_PROXY": "*",
        }

    def does(self, block: Block) -> None:
        """Do it, again where it takes a moment until what the page promises comes out."""
        does = {
            "sh": self._types,
            "python": self._runs_python,
            "js": self._runs_node,
            "html": self._opens,
            "http": self._sends,
        }
        if block.language == "yaml":
            assert block.text.startswith(WORKSPACE), "what is to be done with it?"
            return  # published with those of all pages
        last = ""

        def done() -> bool:
            nonlocal last
            try:
                last = does[block.language](self._here(block.text))
            except subprocess.CalledProcessError as error:
                last = f"exit code {error.returncode}: {error.stdout}\n{error.stderr}"
                assert block.kind, last  # what promises nothing is done once
                return False
            return not block.kind or block.fits(last)

        try:
            eventually(f"what the page shows for\n{block.text}", done, _PATIENCE)
        except AssertionError as error:
            error.add_note(f"it came out as:\n{last}")
            raise

    def _here(self, text: str) -> str:
        """At the address of this stack, which the page cannot know."""
        here = self.stack.endpoints["ingest"]
        for address in ADDRESSES:
            text = text.replace(address, here)
        return text.replace(ADDRESSES[0].split("/")[2], here.split("/")[2])

    def _types(self, commands: str) -> str:
        left = self.folder / _ENVIRONMENT
        script = f"set -aeuo pipefail\n{commands}\nenv -0 > {left}\n"
        done = self._run("bash", "-c", script)
        pairs = (entry.partition("=") for entry in left.read_text().split("\0") if entry)
        self.variables = {name: value for name, _, value in pairs}
        return done

    def _runs_python(self, code: str) -> str:
        (self.folder / "example.py").write_text(code)
        return self._run(sys.executable, "example.py")

    def _runs_node(self, code: str) -> str:
        node, linked = self.node(), self.folder / "node_modules"
        if not linked.exists():
            linked.symlink_to(node.packages)
        (self.folder / "example.mjs").write_text(code)
        return self._run(node.binary, "example.mjs")

    def _run(self, *argv: str) -> str:
        return subprocess.run(
            argv,
            cwd=self.folder,
            env=dict(self.variables),
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        ).stdout

    def _sends(self, request: str) -> str:
        """As the page prints it."""
        head, _, body = request.partition("\n\n")
        first, *lines = head.splitlines()
        method, path, _ = first.split(" ")
        headers = dict(line.split(": ", 1) for line in lines if not line.startswith("Host"))
        url = self.stack.endpoints["ingest"] + path
        reply = httpx.request(method, url, headers=headers, content=body.strip().encode())
        assert reply.status_code == 200, reply.text
        return reply.text if "json" in reply.headers.get("content-type", "") else ""

    def _opens(self, markup: str) -> str:
        """In a real browser, as a page of the shop: every call of the page is answered 200."""
        library = self.node().packages / "@segment/analytics-next/dist"
        markup = markup.replace("BROWSER_KEY", self.variables["BROWSER_KEY"])
        answered: list[Response] = []

        def serve(route: Route) -> None:
            file = library / route.request.url.removeprefix(SHOP)
            if file.is_file():
                route.fulfill(path=file, content_type="text/javascript")
            else:
                route.fulfill(body=f"<!doctype html>{markup}", content_type="text/html")

        def note(response: Response) -> None:
            if response.request.method == "POST":
                answered.append(response)

        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium(playwright),
                # A page from outside may ask this machine only if somebody allows it; here nobody is to be asked.
                args=[
                    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests"
                ],
                chromium_sandbox=os.getuid() != 0,
            )
            try:
                page = browser.new_page()
                page.route(f"{SHOP}**", serve)
                page.on("response", note)
                page.goto(SHOP)
                expected = len(_CALLS.findall(markup))

                def all_answered() -> bool:
                    page.wait_for_timeout(50)  # lets the browser tell what it did
                    return len(answered) >= expected

                eventually(f"{expected} calls of the page", all_answered, _PATIENCE)
                statuses = {response.status for response in answered}
            finally:
                browser.close()
        assert statuses == {200}
        return ""
