"""How a chain test uses a running stack: its command, its shop's SDK, its mailbox."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import httpx
from segment.analytics.client import Client

from cuestream.settings import inherited_environment

T = TypeVar("T")
ROOT = Path(__file__).parents[2]


@dataclass
class Stack:
    """A stack in a folder of its own."""

    data: Path
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Variables of the environment in which it is started."""

    def cuestream(self, *arguments: str, exit_code: int = 0, seconds: float = 60) -> str:
        """Run the command on this stack and return what it printed."""
        done = self._run(arguments, seconds)
        assert done.returncode == exit_code, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def _run(self, arguments: Sequence[str], seconds: float) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cuestream", *arguments, "--data", str(self.data)],
            cwd=ROOT,
            env={**inherited_environment(), **self.secrets},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def until(self, word: str, *arguments: str, seconds: float = 20) -> str:
        """Run the command again and again until it prints the word; it may not know the person yet."""

        last = ""

        def printed() -> str:
            nonlocal last
            done = self._run(arguments, 60)
            last = done.stdout + done.stderr
            return done.stdout if word in done.stdout else ""

        try:
            return eventually(f"{word} in {arguments}", printed, seconds)
        except AssertionError as error:
            error.add_note(f"the last answer was:\n{last}")
            raise

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.cuestream("status", "--json"))
        return found

    @cached_property
    def endpoints(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.status()["endpoints"]
        return found

    def shop(self, key: str = "cs_s_demo") -> Client:
        """The unmodified Segment SDK, pointed at the collector."""
        return Client(key, host=self.endpoints["ingest"], upload_interval=0.1)

    def mails(self, address: str) -> list[dict[str, Any]]:
        """The mails to one address, the newest first."""
        return [m for m in self.all_mails() if m["To"][0]["Address"] == address]

    def all_mails(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            page = httpx.get(
                f"{self.endpoints['mailbox']}/api/v1/messages",
                params={"limit": 500, "start": len(found)},
            ).json()
            found += page["messages"]
            if len(found) >= page["total"] or not page["messages"]:
                return found

    def mail(self, identity: str) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(
            f"{self.endpoints['mailbox']}/api/v1/message/{identity}"
        ).json()
        return found


def eventually(what: str, found: Callable[[], T], seconds: float = 20.0) -> T:
    """Ask until there is something; polling is what a person with a browser would do."""
    pause, end = threading.Event(), monotonic() + seconds
    while not (answer := found()):
        assert monotonic() < end, f"{what}: not within {seconds:.0f} s"
        pause.wait(0.1)
    return answer
