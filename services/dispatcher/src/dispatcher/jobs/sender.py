"""`dispatcher send`: claims what may be sent, marks it, hands it over, records what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Protocol
from uuid import UUID

import structlog

from common.clock import monotonic
from common.consuming import Consequence
from common.jobs import Desk, Owned
from dispatcher.domain.statuses import STATUS, status_of
from dispatcher.domain.templates import TemplateError
from dispatcher.jobs import metrics
from dispatcher.jobs.circuits import Circuits
from dispatcher.jobs.flights import Flight, Flights, dead_addresses
from dispatcher.jobs.gatekeeper import Admitted, Gatekeeper
from dispatcher.jobs.mails import MailWriter
from dispatcher.jobs.moves import of_outcome, of_verdict
from dispatcher.ports import (
    Barrier,
    Change,
    Changed,
    Deliveries,
    Email,
    Found,
    Work,
)

log = structlog.get_logger(__name__)

_BOARDING = 0.3
"""Seconds kept for the commit of `transmitting` and the way to the first byte."""
_IDLE = 0.05
"""Seconds between two looks where nothing is due: how late a due delivery may be noticed."""
_GATHER, _FEW = 0.1, 10
"""Seconds from the beginning of a round to that of the next, at least, where it had few mails: it takes two dozen statements, whether
for one mail or ten."""


class Barriers(Protocol):
    """Who keeps the noes folded."""

    def want(self) -> None:
        """Marketing is about to be claimed."""
        ...


class Sender:
    """One round after another on the partitions owned; all moves happen under their epochs.

    A delivery whose row says `claimed` or `transmitting` without being in flight here is an orphan: of an
    owner before us, or of a commit whose outcome was in doubt. What was claimed is planned again;
    what was transmitting may have been sent, so it ends `unknown`.
    """

    def __init__(
        self,
        *,
        deliveries: Deliveries,
        gatekeeper: Gatekeeper,
        writer: MailWriter,
        circuits: Circuits,
        barriers: Barriers,
        in_flight: int,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._deliveries = deliveries
        self._gatekeeper = gatekeeper
        self._writer = writer
        self._circuits = circuits
        self._barriers = barriers
        self._flights = Flights(in_flight, circuits)
        self._clock = clock
        self._finishing = False
        self._stepping = False
        self._idle = asyncio.Event()

    async def on_gained(self, owned: Owned, gained: frozenset[int]) -> None:
        """See to what the owner before left under way."""
        async with owned.transaction(gained) as desk:
            await self._adopt(desk, gained)

    async def step(self, owned: Owned) -> float:
        """One round; returns the seconds until the next one is worth while."""
        self._stepping = True
        try:
            return await self._step(owned)
        finally:
            self._stepping = False
            if self._finishing and not self._flights.ids:
                self._idle.set()

    def finish(self) -> None:
        """Claim nothing more; what is under way may end."""
        self._finishing = True

    async def finished(self) -> None:
        """Wait until all that was under way is recorded; only after `finish`."""
        if self._stepping or self._flights.ids:
            await self._idle.wait()

    async def close(self) -> None:
        """Give up what is still under way."""
        await self._flights.cancel()

    async def _step(self, owned: Owned) -> float:
        begun = self._clock()
        partitions = owned.partitions
        landed = self._flights.landed()
        foreign = [flight for flight in landed if flight.partition not in partitions]
        self._flights.forget(foreign)  # their new owner has told what became of them
        mine = [flight for flight in landed if flight not in foreign]
        work = await self._look(partitions)
        if not mine and not (work.marketing or work.transactional or work.orphans):
            return await self._rest()
        admitted = await self._record_and_claim(owned, partitions, mine, work)
        if admitted:
            await self._transmit(owned, admitted)
        few = not self._finishing and len(admitted) + len(mine) < _FEW
        return max(0.0, _GATHER - (self._clock() - begun)) if few else 0.0

    async def _look(self, partitions: Collection[int]) -> Work:
        """What may be done now: without a barrier, marketing does not even get as far as the gate."""
        if self._finishing or self._flights.room <= 0:
            return Work(marketing=False, transactional=False, orphans=False)
        work = await self._deliveries.look(partitions, self._flights.ids)
        if work.marketing:
            self._barriers.want()
        return replace(work, marketing=work.marketing and self._gatekeeper.barrier() is not None)

    async def _rest(self) -> float:
        if not self._flights.ids:
            return _IDLE
        await self._flights.news(_IDLE)
        return 0.0

    async def _record_and_claim(
        self, owned: Owned, partitions: frozenset[int], landed: Sequence[Flight], work: Work
    ) -> list[Admitted]:
        dead = dead_addresses(landed)
        if dead:
            # Alone: who claims locks addresses, too, and only after halts and recipients.
            async with owned.transaction(partitions) as desk:
                await self._record(desk, landed)
                await self._deliveries.suppress(desk.tx, dead)
            self._flights.forget(landed)
            landed = ()
        admitted: list[Admitted] = []
        async with owned.transaction(partitions) as desk:
            await self._record(desk, landed)
            if work.orphans:
                await self._adopt(desk, partitions)
            room = self._flights.room + len(landed)
            if (work.marketing or work.transactional) and room > 0:
                barrier = self._gatekeeper.barrier()  # before anything is read: see `judge`
                found = await self._deliveries.find_due(
                    desk.tx, partitions, room, marketing=work.marketing
                )
                admitted = await self._claim(desk, found, barrier)
        self._flights.forget(landed)
        return admitted

    async def _record(self, desk: Desk, landed: Sequence[Flight]) -> None:
        now = await self._deliveries.now(desk.tx) if landed else None
        changes = []
        for flight in landed:
            if flight.outcome is None or now is None:
                continue
            candidate = flight.admitted.candidate
            changes.append(of_outcome(candidate, flight.outcome, now))
        await self._change(desk, changes)

    async def _adopt(self, desk: Desk, partitions: Collection[int]) -> None:
        orphans = await self._deliveries.find_orphans(desk.tx, partitions, self._flights.ids)
        changes = [
            Change(delivery_id, claims, (state,), "planned")
            if state == "claimed"
            else Change(delivery_id, claims, (state,), "unknown", reason="sender_lost")
            for delivery_id, state, claims in orphans
        ]
        if changes:
            log.warning("deliveries_adopted", count=len(changes))
        await self._change(desk, changes)

    async def _claim(self, desk: Desk, found: Found, barrier: Barrier | None) -> list[Admitted]:
        judged = self._gatekeeper.judge(found, barrier)
        await self._change(desk, [of_verdict(each.candidate, each.verdict) for each in judged])
        return [each.admitted for each in judged if each.admitted is not None]

    async def _transmit(self, owned: Owned, admitted: Sequence[Admitted]) -> None:
        """Write the mails, commit `transmitting`, and only then let the first byte out."""
        flights: list[Flight] = []
        changes: list[Change] = []
        for one in admitted:
            # Stop writing in time for those that are written: else a slow machine would send none of them.
            late = one.start_by is not None and self._clock() > one.start_by - _BOARDING
            email = None if late else self._write(one)
            changes.append(_departure(one, email, late=late))
            if email is not None:
                flights.append(Flight(one, email))
            await asyncio.sleep(0)  # rendering is CPU, and heartbeats share this loop
        partitions = {one.candidate.delivery.partition for one in admitted}
        async with owned.transaction(partitions) as desk:
            moved = await self._change(desk, changes)
        leaving = {move.delivery.id for move in moved if move.after == "transmitting"}
        self._launch(admitted, flights, leaving)

    def _launch(
        self, admitted: Sequence[Admitted], flights: Sequence[Flight], leaving: Collection[UUID]
    ) -> None:
        for one in admitted:
            if one.candidate.delivery.id not in leaving:
                self._circuits.ended(one.provider, None)
        self._flights.launch(flight for flight in flights if flight.id in leaving)

    def _write(self, one: Admitted) -> Email | None:
        candidate = one.candidate
        if candidate.recipient is None or candidate.address_hash is None:
            return None
        try:
            return self._writer.write(
                candidate.delivery,
                candidate.recipient,
                candidate.address_hash,
                address=one.address,
                rules=one.rules,
                templates=one.templates,
                now=one.now,
            )
        except TemplateError as error:
            request = candidate.delivery.request
            log.warning("template_failed", playbook=request.playbook, detail=error.detail)
            return None

    async def _change(self, desk: Desk, changes: Sequence[Change]) -> Sequence[Changed]:
        """Make the moves and tell of them: a move that did not happen is not told."""
        changed = await self._deliveries.change(desk.tx, changes)
        silent = {c.delivery_id for c in changes if c.after == "held" and c.announced is None}
        for move in changed:
            metrics.MOVES.labels(move.after, move.reason).inc()
            if move.delivery.id not in silent:
                _tell(desk, move)
        return changed


def _departure(one: Admitted, email: Email | None, *, late: bool) -> Change:
    delivery_id, claims = one.candidate.delivery.id, one.candidate.claims + 1
    if late:
        return Change(delivery_id, claims, ("claimed",), "planned")
    if email is None:
        return Change(delivery_id, claims, ("claimed",), "skipped", reason="template_error")
    return Change(delivery_id, claims, ("claimed",), "transmitting")


def _tell(desk: Desk, move: Changed) -> None:
    told = status_of(
        move.delivery,
        move.after,
        at=move.at,
        reason=move.reason,
        claimed_at=move.claimed_at,
        provider=move.provider,
        number=move.holds if move.after == "held" else 0,
    )
    if told is None:
        return
    delivery = move.delivery
    desk.emit(
        delivery.partition,
        Consequence(
            STATUS, told.payload, subject=str(delivery.profile_id), time=move.at, id=told.id
        ),
        workspace=delivery.workspace,
        cause=delivery.cause,
        correlation=delivery.correlation,
        accepted_at=move.at,
        traceparent=delivery.traceparent,
    )
