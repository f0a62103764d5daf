"""Brings the local stack up in the right order, keeps it up, and brings it down."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections import Counter
from collections.abc import Collection

import httpx

from cuestream.failures import UsageError
from cuestream.stack.brokers import broker_programs, check_given, make_database
from cuestream.stack.child import Child, Program, State
from cuestream.stack.control import ProcessStatus, Request, StackStatus, serve
from cuestream.stack.endpoints import Addresses, Ports
from cuestream.stack.events import Report, Step, Up
from cuestream.stack.launch import Command
from cuestream.stack.layout import Running, numbered
from cuestream.stack.oneshot import all_of, run_once
from cuestream.stack.plan import BROKERS, Broker, OneShot, Service
from cuestream.stack.ports import Claims
from cuestream.stack.probes import http_probe
from cuestream.stack.stamps import Stamp, fingerprint
from cuestream.stack.watching import Watch
from cuestream.stack.wish import Wish


class Supervisor:
    """One stack. `run` is its life; the folder must be held meanwhile."""

    def __init__(self, wish: Wish, report: Report) -> None:
        self._wish, self._report = wish, report
        self._instances = wish.plan.instances(wish.scale)
        self._counts = Counter(service.name for service, _, _ in self._instances)
        self._client = httpx.AsyncClient(trust_env=False)
        layout = wish.layout
        self._claims = Claims(wish.settings.cache / "ports")
        ports = Ports(wish.plan.wished_ports, layout.last_ports(), self._claims.take)
        self._addresses = Addresses(
            wish.settings,
            layout,
            layout.keys(),
            ports,
            nodes=wish.kafka_nodes,
            proxied=wish.proxied,
            smtp=wish.smtp,
        )
        self._watch = Watch()
        self._children: dict[str, Child] = {}
        self._brokers: dict[Broker, list[Child]] = {broker: [] for broker in BROKERS}
        self._prepared = {broker: asyncio.Event() for broker in BROKERS}
        self._lives: dict[str, asyncio.Task[None]] = {}
        self._is_placed = False  # every process has its address
        self._is_up = False  # every process serves, and what was to be published is published
        self._ending = asyncio.Event()
        self._down = asyncio.Event()
        self._crash: BaseException | None = None

    async def run(self) -> None:
        """Up, until told to end, then down: nothing is left running, whatever happens in between.

        Raises:
            CommandError: it could not be brought up.
        """
        token = secrets.token_urlsafe(32)
        async with (
            self._client,
            serve(self._handle, token) as control_port,
        ):
            self._wish.layout.announce(Running(os.getpid(), control_port, token))
            rising = asyncio.create_task(self._rise())
            ending = asyncio.create_task(self._ending.wait())
            try:
                await asyncio.wait({rising, ending}, return_when=asyncio.FIRST_COMPLETED)
                if rising.done():
                    rising.result()
                    await ending
            finally:
                rising.cancel()
                ending.cancel()
                await self._sink()
                self._down.set()
        if self._crash is not None:
            raise self._crash

    def end(self) -> None:
        """Begin to bring everything down; the second time without patience."""
        if self._ending.is_set():
            for child in self._children.values():
                child.kill()
            return
        self._ending.set()
        self._report(Step("Stopping everything"))

    async def status(self) -> StackStatus:
        """Every process as it is now."""
        children = list(self._children.values())
        states = await asyncio.gather(*(child.look() for child in children))
        processes = tuple(
            ProcessStatus(child.name, child.pid, state, child.port, child.restarts)
            for child, state in zip(children, states, strict=True)
        )
        endpoints = self._addresses.endpoints(self._wish.plan) if self._is_placed else {}
        return StackStatus(self._overall(states), processes, endpoints)

    def _overall(self, states: Collection[State]) -> State:
        """A process that was stopped on purpose leaves the rest ready."""
        if self._down.is_set():
            return "stopped"
        if "failed" in states:
            return "failed"
        return "ready" if self._is_up and "starting" not in states else "starting"

    async def _rise(self) -> None:
        await asyncio.to_thread(check_given, self._addresses)
        programs = list(broker_programs(self._addresses, self._client, self._report))
        self._report(Step(f"Starting {', '.join(program.name for _, program in programs)}"))
        for broker, program in programs:
            self._brokers[broker].append(self._adopt(program))
            await self._children[program.name].start()
        await all_of([*(self._prepare(broker) for broker in BROKERS), self._serve()])
        self._is_up = True
        self._report(Up(self._addresses.endpoints(self._wish.plan)))

    async def _prepare(self, broker: Broker) -> None:
        """Wait for a broker, then run the one-shots that need it."""
        for child in self._brokers["proxy"] + self._brokers[broker]:
            await child.until_ready()
        if broker == "postgres":
            await asyncio.to_thread(make_database, self._addresses)
        await all_of(self._run_once(shot) for shot in self._due(broker))
        self._prepared[broker].set()

    async def _serve(self) -> None:
        """Start the services when what has to be done before is done; for a Kafka that still starts they wait."""
        await self._prepared["postgres"].wait()
        if self._due("kafka"):
            await self._prepared["kafka"].wait()
        await all_of(child.until_running() for child in self._brokers["kafka"])
        self._report(Step("Starting the services"))
        started = [self._adopt(self._program(*instance)) for instance in self._instances]
        for child in started:
            await child.start()
        self._is_placed = True
        self._wish.layout.remember_ports(self._addresses.ports.given)
        await all_of([self._publish(), *(child.until_ready() for child in started)])

    def _due(self, broker: Broker) -> list[OneShot]:
        """The one-shots that need this broker and have not been done for this code."""
        shots = [shot for shot in self._wish.plan.one_shots if shot.needs == broker]
        stamps = {shot.name: self._stamp(shot) for shot in shots}
        return [s for s in shots if (stamp := stamps[s.name]) is None or not stamp.is_valid()]

    async def _publish(self) -> None:
        """While the other processes still start: they need it to be of use."""
        publisher = self._wish.plan.publisher
        if self._wish.publish is None or publisher is None:
            return
        await self._children[publisher].until_ready()
        await self._wish.publish(self._addresses, self._watch, self._report)

    async def _run_once(self, shot: OneShot) -> None:
        env = self._addresses.environment(shot.owner)
        command = Command(_python(shot.module), self._wish.layout.log(shot.name), env)
        await run_once(shot.name, command, self._watch, self._report)
        if (stamp := self._stamp(shot)) is not None:
            stamp.leave()

    def _stamp(self, shot: OneShot) -> Stamp | None:
        """Only for a broker of our own: of another one we do not know what others did to it."""
        layout, settings = self._wish.layout, self._wish.settings
        if shot.needs == "kafka" and settings.kafka_bootstrap_servers is None:
            return Stamp(layout.kafka / f"{shot.name}.done", fingerprint(shot.code))
        if shot.needs == "postgres" and settings.database_url is None:
            return Stamp(layout.postgres / f"{shot.name}.done", fingerprint(shot.code))
        return None

    def _program(self, service: Service, number: int, name: str) -> Program:
        port = self._addresses.ports.give(name)
        env = self._addresses.environment(service.owner, name, number)
        command = Command(_python(service.module), self._wish.layout.log(name), env)
        return Program(name, lambda: command, http_probe(self._client, port), port)

    def _adopt(self, program: Program) -> Child:
        child = Child(program, self._watch, self._report, self._wish.pace)
        self._children[child.name] = child
        life = asyncio.create_task(child.supervise())
        life.add_done_callback(self._life_ended)
        self._lives[child.name] = life
        return child

    def _life_ended(self, life: asyncio.Task[None]) -> None:
        """A life ends by cancellation only; anything else is a bug that must not go unnoticed."""
        if not life.cancelled():
            self._crash = life.exception()
            self._ending.set()

    async def _sink(self) -> None:
        links = self._brokers["proxy"]
        brokers = [c for listed in self._brokers.values() for c in listed if c not in links]
        services = [c for c in self._children.values() if c not in brokers + links]
        # The proxy last: a broker that no longer reaches its controller takes long to give up.
        for children in (services, brokers, links):
            await asyncio.gather(*(child.stop() for child in children))
        for life in self._lives.values():
            life.cancel()
        await asyncio.gather(*self._lives.values(), return_exceptions=True)
        await asyncio.to_thread(self._watch.close)
        self._claims.close()

    async def _handle(self, request: Request) -> StackStatus:
        match request.order:
            case "down":
                if not self._ending.is_set():
                    self.end()
                await self._down.wait()
            case "stop":
                await self._child(request.name).stop()
            case "start":
                await self._child(request.name).start()
                await self._child(request.name).until_ready()
            case "kill":
                self._child(request.name).kill()
            case "scale":
                await self._scale(request.name, request.count)
            case "status":
                pass
        return await self.status()

    async def _scale(self, name: str, count: int) -> None:
        """From now on so many of a service's processes; the last ones go first."""
        wanted = self._wish.plan.instances({name: count})
        before, self._counts[name] = self._counts[name], count
        added = [
            self._adopt(self._program(*instance))
            for instance in wanted
            if instance[0].name == name and instance[1] > before
        ]
        self._wish.layout.remember_ports(self._addresses.ports.given)
        for child in added:
            await child.start()
        await all_of(child.until_ready() for child in added)
        await all_of(
            self._dismiss(numbered(name, number)) for number in range(count + 1, before + 1)
        )

    async def _dismiss(self, name: str) -> None:
        child = self._children.pop(name)
        await child.stop()
        self._lives.pop(name).cancel()

    def _child(self, name: str) -> Child:
        if name not in self._children:
            raise UsageError(f"There is no process {name}.", f"Names: {', '.join(self._children)}.")
        return self._children[name]


def _python(module: tuple[str, ...]) -> tuple[str, ...]:
    return (sys.executable, "-m", *module)
