"""So many events a second whatever becomes of them, through a balancer as one stands before several edges."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import httpx
import msgspec

from common.clock import monotonic, utc_now
from common.ids import accepted_event_id
from tests.fault.workload.clients import PATIENCE
from tests.fault.workload.pacing import let_pass

WORKSPACE: Final = "rolling"
"""Where one playbook proposes at once on every event."""
RATE: Final = 200.0
"""Events a second."""
_SOURCE, _KEY = "shop", "cs_s_rolling"
_STEP: Final = 0.02
"""Seconds between two requests: 50 a second, of four events."""
_PROBE: Final = 0.5
"""Seconds between two looks whether an edge is ready."""
_USERS: Final = 600
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Steady:
    """An open loop: no request waits for another one's answer, and none is sent twice."""

    addresses: Sequence[str]
    """Of all edges."""
    accepted: set[UUID] = field(default_factory=set)
    """The ids of the events that were answered 2xx."""
    errors: list[str] = field(default_factory=list)
    """What else a client met, and when."""
    made: int = 0
    requests: int = 0
    refused: int = 0
    """Connections, which the balancer made elsewhere; no client saw it."""
    slowest: float = 0.0
    """Seconds until an answer, at most."""
    _ended: threading.Event = field(default_factory=threading.Event)
    _up: set[str] = field(default_factory=set)

    @contextmanager
    def running(self) -> Iterator[None]:
        """From now on, and not after the block; returns when everything is answered."""
        thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="steady")
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    async def _run(self) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        async with httpx.AsyncClient(
            auth=(_KEY, ""), timeout=PATIENCE, limits=limits, trust_env=False
        ) as http:
            await self._look(http)
            looking = asyncio.create_task(self._keep_looking(http))
            await self._send_all(http)
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking

    async def _send_all(self, http: httpx.AsyncClient) -> None:
        begun = monotonic()
        async with asyncio.TaskGroup() as group:
            while not self._ended.is_set():
                due = range(self.made, int((monotonic() - begun) * RATE))
                if due:
                    self.made = due.stop
                    group.create_task(self._send(due, http))
                await let_pass(_STEP)

    async def _send(self, numbers: range, http: httpx.AsyncClient) -> None:
        begun, self.requests = monotonic(), self.requests + 1
        body = b'{"batch":[%s]}' % b",".join(_encode(_message(number)) for number in numbers)
        try:
            answer = await self._passed_on(body, http)
        except httpx.TransportError as error:
            self.errors.append(f"{utc_now():%T.%f} {type(error).__name__} {error}")
            return
        self.slowest = max(self.slowest, monotonic() - begun)
        if answer.is_success and not answer.json().get("rejected"):
            self.accepted |= {event_id(number) for number in numbers}
        else:
            self.errors.append(f"{utc_now():%T.%f} {answer.status_code} {answer.text[:200]}")

    async def _passed_on(self, body: bytes, http: httpx.AsyncClient) -> httpx.Response:
        """To those that are ready, in turn; a refused connection harms nobody, for nothing was sent."""
        ready = sorted(self._up)
        first = self.requests % max(1, len(ready))
        for address in ready[first:] + ready[:first]:
            try:
                return await http.post(f"{address}/v1/batch", content=body)
            except httpx.ConnectError:
                self.refused += 1
                self._up.discard(address)
        raise httpx.ConnectError("no edge is ready")

    async def _keep_looking(self, http: httpx.AsyncClient) -> None:
        while True:
            await let_pass(_PROBE)
            await self._look(http)

    async def _look(self, http: httpx.AsyncClient) -> None:
        for address in self.addresses:
            try:
                # A connection of its own, as probes have: an edge is several workers.
                answer = await http.get(f"{address}/readyz", headers={"connection": "close"})
            except httpx.TransportError:
                self._up.discard(address)
                continue
            (self._up.add if answer.is_success else self._up.discard)(address)


def event_id(number: int) -> UUID:
    return accepted_event_id(WORKSPACE, _SOURCE, f"steady-{number}")


def _message(number: int) -> dict[str, object]:
    return {
        "type": "track",
        "messageId": f"steady-{number}",
        "userId": f"steady-u{number % _USERS}",
        "timestamp": utc_now().isoformat(),
        "event": "Product Viewed",
        "properties": {"product_id": "sku-1", "name": "Lamp", "price": 9, "currency": "EUR"},
    }
