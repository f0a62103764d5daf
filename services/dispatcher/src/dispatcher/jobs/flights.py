"""The mails that are under way: each in a task of its own, its outcome kept until it is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from common.errors import TransientError
from dispatcher.domain.reasons import DEAD_ADDRESS
from dispatcher.jobs import metrics
from dispatcher.jobs.circuits import Circuits
from dispatcher.jobs.gatekeeper import Admitted
from dispatcher.jobs.moves import Outcome
from dispatcher.ports import Email, OutcomeUnknown, Refused, Suppression


@dataclass(slots=True, eq=False)
class Flight:
    """One attempt."""

    admitted: Admitted
    email: Email
    outcome: Outcome | None = None

    @property
    def id(self) -> UUID:
        return self.admitted.candidate.delivery.id

    @property
    def partition(self) -> int:
        return self.admitted.candidate.delivery.partition


class Flights:
    """At most `capacity` at once."""

    def __init__(self, capacity: int, circuits: Circuits) -> None:
        self._capacity = capacity
        self._circuits = circuits
        self._flights: dict[UUID, Flight] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._bug: BaseException | None = None
        self._news = asyncio.Event()

    @property
    def room(self) -> int:
        return self._capacity - len(self._flights)

    @property
    def ids(self) -> Collection[UUID]:
        return self._flights.keys()

    def launch(self, flights: Iterable[Flight]) -> None:
        """Hand each over to its provider; returns at once."""
        for flight in flights:
            self._flights[flight.id] = flight
            task = asyncio.create_task(self._fly(flight))
            self._tasks.add(task)
            task.add_done_callback(self._over)
        metrics.IN_FLIGHT.set(len(self._flights))

    def landed(self) -> list[Flight]:
        """Those whose outcome is known.

        Raises:
            Exception: a provider raised what it may not raise; its mail is left as it is, transmitting.
        """
        if self._bug is not None:
            raise self._bug
        # From here on only a further landing is news: the one who waits would else never rest.
        self._news.clear()
        return [flight for flight in self._flights.values() if flight.outcome is not None]

    def forget(self, flights: Iterable[Flight]) -> None:
        """They are recorded, or no longer ours to record."""
        for flight in flights:
            self._flights.pop(flight.id, None)
        metrics.IN_FLIGHT.set(len(self._flights))

    async def news(self, patience: float) -> None:
        """Wait until one lands that `landed` did not give yet, but not longer than that."""
        try:
            async with asyncio.timeout(patience):
                await self._news.wait()
        except TimeoutError:
            return

    async def cancel(self) -> None:
        """Give up what is under way: the next owner will not know how it ended."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _fly(self, flight: Flight) -> None:
        try:
            with metrics.SEND_SECONDS.time():
                flight.outcome = await flight.admitted.provider.send(
                    flight.email, idempotency_key=flight.id, start_by=flight.admitted.start_by
                )
        except (TransientError, OutcomeUnknown) as outcome:
            flight.outcome = outcome
        finally:
            self._circuits.ended(flight.admitted.provider, flight.outcome)
            self._news.set()

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._bug = task.exception()


def dead_addresses(landed: Collection[Flight]) -> set[Suppression]:
    """Only a live refusal says something of an address: a redirected mail went elsewhere."""
    dead: set[Suppression] = set()
    for flight in landed:
        candidate, outcome = flight.admitted.candidate, flight.outcome
        if not isinstance(outcome, Refused) or outcome.reason not in DEAD_ADDRESS:
            continue
        if flight.admitted.rules.mode == "live" and candidate.address_hash is not None:
            workspace, channel = candidate.delivery.workspace, candidate.delivery.request.channel
            dead.add(Suppression(workspace, channel, candidate.address_hash, outcome.reason))
    return dead
