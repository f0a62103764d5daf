"""Runs the demo: the stack, the shop, the watchers, and the verdict at the end."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import secrets
import signal
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from segment.analytics.client import Client

from common.clock import monotonic, utc_now
from common.kafka import connect
from common.settings import KafkaSettings
from common.streaming.ports import Reader
from cuestream.console import OUT
from cuestream.demo.judging import Summary, judge, settled
from cuestream.demo.observed import Mail, Observed
from cuestream.demo.shop import Shop
from cuestream.demo.showcase import WORKSPACE as SHOWCASE
from cuestream.demo.showcase import Showcase, guests_of
from cuestream.demo.showing import Board
from cuestream.demo.watching import Watcher, follow_mails
from cuestream.failures import UsageError
from cuestream.stack.client import order
from cuestream.stack.layout import Layout

WORKSPACE = "demo"
WRITE_KEY = "cs_s_demo"
SILENCE = timedelta(seconds=10)
"""As workspaces/demo.yaml has it."""
LAST_CALL = 15.0
"""Seconds before the end in which no cart is opened any more."""
PATIENCE = 30.0
"""Seconds to wait for the last decisions, counted from when every process is ready (again)."""
RESTART = 120.0
"""Seconds that a killed process may take to be ready again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What kind of demo is wanted."""

    seconds: float | None
    """None: until Ctrl-C."""
    rate: float
    seed: int
    kill: str | None
    kill_at: float
    quiet: bool
    """Show nothing but the result."""


class Demo:
    """One run on a stack that is up."""

    def __init__(
        self, plan: Plan, layout: Layout, endpoints: Mapping[str, str], workspaces: Path
    ) -> None:
        self._plan = plan
        self._layout = layout
        self._endpoints = endpoints
        self._seen = Observed()
        self._refusals: set[asyncio.Task[None]] = set()
        self._phase = "the shop is open"
        run = secrets.token_hex(3)
        self._showcase = Showcase(guests_of(workspaces, run, utc_now()), endpoints["ingest"])
        self._shop = Shop(
            client=Client(WRITE_KEY, host=endpoints["ingest"], upload_interval=0.1, timeout=10),
            silence=SILENCE,
            run=run,
            rate=plan.rate,
            chance=random.Random(plan.seed),  # noqa: S311 - a script for visitors, no secret
            refused=self._seen.refused.__setitem__,
        )

    async def run(self) -> Summary:
        """Let visitors come and go; return the verdict."""
        for driver in ("aiokafka", "segment"):
            # What they say of an outage is for their authors; the board and the verdict say it in our words.
            logging.getLogger(driver).setLevel(logging.CRITICAL)
        kafka = KafkaSettings(KAFKA_BOOTSTRAP_SERVERS=self._endpoints["kafka"])
        async with (
            connect(kafka, client="demo") as log,
            log.reader() as reader,
            log.reader() as beside_it,
            httpx.AsyncClient() as http,
        ):
            watcher = Watcher(self._seen, WORKSPACE, log.partitions)
            await watcher.begin(reader)
            guests = Watcher(self._showcase.seen, SHOWCASE, log.partitions)
            await guests.begin(beside_it)
            with Board(OUT, self._seen, self._endpoints) as board:
                beside = [
                    asyncio.create_task(watcher.follow(reader)),
                    asyncio.create_task(guests.follow(beside_it)),
                    asyncio.create_task(self._showcase.play(http)),
                    asyncio.create_task(self._follow_mails(http)),
                    asyncio.create_task(self._show(board)),
                    asyncio.create_task(self._kill()),
                ]
                try:
                    await self._open()
                    await self._settle(watcher, reader)
                finally:
                    await end_all(beside)
        return self._judge()

    async def _open(self) -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ended.set)
        seconds = float("inf") if self._plan.seconds is None else self._plan.seconds
        shop = asyncio.create_task(self._shop.open(seconds - LAST_CALL))
        stop = asyncio.create_task(ended.wait())
        await asyncio.wait({shop, stop}, return_when=asyncio.FIRST_COMPLETED)
        shop.cancel()
        with suppress(asyncio.CancelledError):
            await shop
        stop.cancel()

    async def _settle(self, watcher: Watcher, reader: Reader) -> None:
        self._phase = "closing: the last carts come to rest"
        begun = monotonic()
        await self._shop.finish()
        await self._shop.close()
        await asyncio.sleep(max(0.0, LAST_CALL - (monotonic() - begun)))
        self._phase = "waiting for the last decisions"
        await self._all_ready()
        end = monotonic() + PATIENCE
        while monotonic() < end:
            await self._shop.finish()  # whoever got a mail just now may still unsubscribe
            summary = self._judge()
            quiet = settled(self._seen) and not self._refusals
            if quiet and summary.promises_held and await watcher.caught_up(reader):
                return
            await asyncio.sleep(0.25)

    async def _all_ready(self) -> None:
        end = monotonic() + RESTART
        while monotonic() < end:
            status = await asyncio.to_thread(order, self._layout, "status")
            if status.state == "ready":
                return
            await asyncio.sleep(0.5)

    def _judge(self) -> Summary:
        addresses = {v.user: v.address for v in self._shop.visitors.values()}
        return judge(self._seen, SILENCE, addresses, self._showcase.shown)

    async def _follow_mails(self, http: httpx.AsyncClient) -> None:
        def arrived(mail: Mail, message: Mapping[str, Any]) -> None:
            visitor = self._shop.wants_to_refuse(mail.to)
            if visitor is not None:
                task = asyncio.create_task(self._refuse(str(message["ID"]), visitor.address, http))
                self._refusals.add(task)
                task.add_done_callback(self._refusals.discard)

        mailbox = self._endpoints["mailbox"]
        await follow_mails(self._seen, mailbox, http, arrived, self._shop.visitors.__contains__)

    async def _refuse(self, mail: str, address: str, http: httpx.AsyncClient) -> None:
        link = None
        while link is None:
            with suppress(httpx.TransportError, httpx.HTTPStatusError):
                answer = await http.get(f"{self._endpoints['mailbox']}/api/v1/message/{mail}")
                header = answer.raise_for_status().json()["ListUnsubscribe"]["Header"]
                link = header.strip("<> ").split(">", 1)[0]
            await asyncio.sleep(0.1)
        await self._shop.refuse(self._shop.visitors[address], link, http)

    async def _show(self, board: Board) -> None:
        while True:
            if not self._plan.quiet:
                board.show(self._judge(), self._phase)
            await asyncio.sleep(0.5)

    async def _kill(self) -> None:
        if self._plan.kill is None:
            return
        await asyncio.sleep(self._plan.kill_at)
        pid = process_id(self._layout, self._plan.kill)
        os.kill(pid, signal.SIGKILL)
        self._seen.recent.append(f"kill -9 {self._plan.kill} (pid {pid})")


async def end_all(tasks: Collection[asyncio.Task[Any]]) -> None:
    """End what runs beside the shop.

    Raises:
        Exception: one of them had failed: a kill that did not happen proves nothing.
    """
    for task in tasks:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end


def process_id(layout: Layout, name: str) -> int:
    """The pid of a process of the stack.

    Raises:
        UsageError: there is no such process, or it does not run.
    """
    processes = order(layout, "status").processes
    for process in processes:
        if process.name == name and process.pid is not None:
            return process.pid
    raise UsageError(f"{name} is not running.", f"Names: {', '.join(p.name for p in processes)}.")
