"""What every answer must be, whatever was asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from services.ingest.tests.integration.fuzz.wire import Reply, Shot

STATUSES = {200, 204, 400, 401, 404, 405, 408, 413, 415, 426, 429}
"""426: uvicorn's, where somebody wants to upgrade."""


@dataclass
class Tally:
    """How often what was answered, and what was promised."""

    statuses: Counter[int | None] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    rejected: int = 0

    @property
    def shots(self) -> int:
        return self.statuses.total()

    def note(self, shot: Shot, reply: Reply | None) -> None:
        """Count an answer.

        Raises:
            AssertionError: it is none of those that there may be.
        """
        if reply is None:
            self.statuses[None] += 1
            return
        assert reply.status in STATUSES, f"{reply} to {shot}"
        self.statuses[reply.status] += 1
        if reply.json is not None:
            self._judge(reply, shot)

    def _judge(self, reply: Reply, shot: Shot) -> None:
        said: Any = reply.json
        if reply.status >= 400 and shot.parts[0].partition(b" ")[2].startswith(b"/v1/"):
            assert said["error"], f"{reply} to {shot}"
            assert said["detail"], f"{reply} to {shot}"
            self.reasons[said["error"]] += 1
        if not isinstance(said, dict):
            return
        self.accepted += said.get("accepted", 0)
        self.rejected += "index" in said  # a single call's own
        for aside in said.get("rejected", ()):
            assert aside["reason"], f"{reply} to {shot}"
            assert aside["detail"], f"{reply} to {shot}"
            self.reasons[aside["reason"]] += 1
            self.rejected += 1
