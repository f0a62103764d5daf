"""Several clients at once, each with its own visitors: in batches, in order, again until answered, as SDKs do."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import httpx
import msgspec

from common.clock import monotonic
from tests.fault.workload.answers import ACCEPTED, REJECTED, UNANSWERED, Answers, Refused
from tests.fault.workload.messages import message_of
from tests.fault.workload.pacing import let_pass
from tests.fault.workload.poison import SHARE, BadMessage, bad_message
from tests.fault.workload.script import Plan, Step

CLIENTS: Final = 8
PATIENCE: Final = 10.0
"""Seconds until a request counts as unanswered."""
_LONGEST_BATCH = 100
_WAIT = 1.5
"""Seconds that a client collects a batch at most."""
_encode = msgspec.json.Encoder().encode


class _Answer(msgspec.Struct):
    accepted: int
    rejected: list[_Rejected] = []


class _Rejected(msgspec.Struct):
    messageId: str | None = None  # noqa: N815 - the name on the wire
    reason: str = ""


@dataclass(slots=True)
class Clients:
    """Sends a plan; `answers` fills meanwhile."""

    plan: Plan
    address: str
    """Of the ingest edge."""
    write_key: str
    answers: Answers
    began: datetime
    poisonous: bool = True
    clock: Callable[[], float] = monotonic

    async def run(self) -> None:
        """Send everything, at the planned time or as soon after as the edge takes it."""
        begun = self.clock()
        async with (
            httpx.AsyncClient(
                base_url=self.address, auth=(self.write_key, ""), timeout=PATIENCE, trust_env=False
            ) as http,
            asyncio.TaskGroup() as group,
        ):
            for number in range(CLIENTS):
                mine = [s for s in self.plan.steps if s.person % CLIENTS == number]
                group.create_task(self._client(number, mine, http, begun))

    async def _client(
        self, number: int, mine: Sequence[Step], http: httpx.AsyncClient, begun: float
    ) -> None:
        chance = random.Random(f"{self.plan.run}/{self.plan.seed}/{number}")  # noqa: S311 - no secret
        done, bad = 0, 0
        while done < len(mine):
            wanted = mine[done : done + round(_LONGEST_BATCH ** chance.random())]
            until = min(wanted[-1].at, wanted[0].at + _WAIT)
            await let_pass(max(0.0, begun + until - self.clock()))
            batch = [step for step in wanted if step.at <= until]
            poison: dict[str, BadMessage] = {}
            if self.poisonous and chance.random() < len(batch) * SHARE / 2:
                message_id = f"{self.plan.run}-x{number}-{bad}"
                poison[message_id], bad = bad_message(message_id, chance), bad + 1
            await self._send(batch, poison, http)
            done += len(batch)

    async def _send(
        self, batch: Sequence[Step], poison: dict[str, BadMessage], http: httpx.AsyncClient
    ) -> None:
        items = [_encode(message_of(step, self.plan, self.began)) for step in batch]
        items += [bad.raw for bad in poison.values()]
        body = b'{"batch":[' + b",".join(items) + b"]}"
        for step in batch:
            if not self.answers.messages[step.number]:
                self.answers.messages[step.number] = UNANSWERED
        pause = 0.1
        while True:
            answer = await self._post(body, http)
            if answer is not None:
                break
            self.answers.retries += 1
            await let_pass(pause)
            pause = min(pause * 2, 2.0)
        self._note(batch, poison, answer)

    async def _post(self, body: bytes, http: httpx.AsyncClient) -> _Answer | None:
        """The answer of a 2xx; None: try again."""
        self.answers.requests += 1
        try:
            response = await http.post("/v1/batch", content=body)
        except httpx.TransportError:
            return None
        if response.is_success:
            return msgspec.json.decode(response.content, type=_Answer)
        if response.status_code not in (429, 503):
            self.answers.oddities.append(f"{response.status_code} {response.text[:200]}")
        return None

    def _note(self, batch: Sequence[Step], poison: dict[str, BadMessage], answer: _Answer) -> None:
        numbers = {self.plan.message_id(step.number): step.number for step in batch}
        for number in numbers.values():
            self.answers.messages[number] = ACCEPTED
        for item in answer.rejected:
            bad = poison.pop(item.messageId or "", None)
            if bad is None and item.messageId in numbers:
                self.answers.messages[numbers[item.messageId]] = REJECTED
            if bad is None or bad.reason != item.reason:
                self.answers.oddities.append(f"rejected {item.messageId}: {item.reason}")
            else:
                self.answers.refused.append(Refused(str(item.messageId), item.reason))
        self.answers.oddities += [f"not rejected: {bad.reason}" for bad in poison.values()]
        if answer.accepted != len(batch):
            self.answers.oddities.append(f"{answer.accepted} accepted of {len(batch)}")
