"""A few visitors a second for as long as a block lasts, and whether everybody who was answered is known."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx

from common.clock import utc_now
from tests.fault.actions.stack import RECOVERY_SECONDS, Stack

_KEY: Final = ("cs_s_demo", "")
_EVERY: Final = 0.05
_KNOWING: Final = ("ingest", "scoring", "orchestrator")
"""Services that keep a row for each profile."""


@dataclass
class Trickle:
    """Each event is another visitor's first, so each that was answered 2xx makes one profile."""

    stack: Stack
    answered: int = 0
    tried: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        """From now on, and not after the block."""
        self._ended.clear()
        thread = threading.Thread(target=self._run, name="trickle")
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def until_known(self, services: Collection[str] = _KNOWING) -> None:
        """Wait until every service has folded everybody who was answered, and nobody else came in."""

        def known() -> bool:
            found = {int(self.stack.psql(f"SELECT count(*) FROM {s}.profiles")) for s in services}  # noqa: S608  names of ours
            return len(found) == 1 and self.answered <= min(found) <= self.tried

        told = f"the {self.answered} who were answered, of {self.tried}, are known"
        self.stack.until(told, known, RECOVERY_SECONDS)

    def _run(self) -> None:
        with httpx.Client(base_url=self.stack.endpoints["ingest"], auth=_KEY, timeout=10) as client:
            while not self._ended.wait(_EVERY):
                self._send(client)

    def _send(self, client: httpx.Client) -> None:
        self.tried += 1
        user = f"trickle-{self.tried}"
        event = {
            "userId": user,
            "messageId": f"{user}-first",
            "timestamp": utc_now().isoformat(),
            "event": "Product Viewed",
            "properties": {"product_id": "lamp-1"},
        }
        try:
            self.answered += client.post("/v1/track", json=event).is_success
        except httpx.HTTPError:
            return  # not answered: it may have come in or not
