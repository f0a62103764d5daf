"""What a process stands on that runs a loop: its database, the log, the configuration, and the port at which it tells how it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from common import kafka, postgres, telemetry
from common.configuration.feed import ConfigurationFeed
from common.configuration.shelf import Validator
from common.consuming import Pace, Surroundings
from common.settings import LoopSettings
from common.telemetry.health import App, Receive, Scope, Send

STANDARD: Final = Pace()


class Attended(Protocol):
    """A consumer, or the worker of a job."""

    async def run(self) -> None: ...

    async def ready(self) -> Mapping[str, bool | str]: ...

    def alive(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Ground:
    """One process's; `attend` is what it does all day."""

    database: postgres.Database
    log: kafka.KafkaLog
    feed: ConfigurationFeed
    around: Surroundings
    _front: _Front

    async def attend(
        self,
        attended: Attended,
        *beside: Coroutine[Any, Any, None],
        routes: Mapping[str, telemetry.Handler] | None = None,
        run: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        """Follow the configuration and run the consumer or worker until cancelled, and whatever else belongs to the process.

        Args:
            attended: Says whether the process is ready and alive.
            beside: Run as long as it does.
            routes: Of the process's own, at its port.
            run: Runs it, where it is not enough to call `run`.
        """

        async def ready() -> Mapping[str, bool | str]:
            return {"configuration": self.feed.ready, **await attended.ready()}

        self._front.app = telemetry.health_app(ready, routes, alive=attended.alive)
        async with asyncio.TaskGroup() as group:
            for one in (self.feed.run(), *beside, (run or attended.run)()):
                group.create_task(one)


@asynccontextmanager
async def ground(
    settings: LoopSettings,
    *,
    schema: str,
    name: str,
    validators: Sequence[Validator] = (),
    pace: Pace = STANDARD,
) -> AsyncIterator[Ground]:
    """Listen at once, so that whoever asks learns that the process lives and waits; then reach the database and Kafka.

    Raises:
        PermanentError: the port is taken, or the database or the topics are not what they must be.
        TransientError: the database or Kafka did not answer in time.
    """
    front = _Front()
    async with (
        telemetry.serve(front, settings.host, settings.port),
        postgres.Database.connect(
            settings.database_url,
            schema=schema,
            application_name=name,
            connections=settings.database_connections,
        ) as database,
        kafka.connect(settings, client=name) as log,
        log.reader(patient=True) as reader,
    ):
        feed = ConfigurationFeed(reader, validators=validators)
        around = Surroundings(log, postgres.PostgresLedger(database, name), feed, pace)
        yield Ground(database, log, feed, around, front)


class _Front:
    """The app of the moment: at first one that says what is waited for."""

    def __init__(self) -> None:
        self.app: App = telemetry.health_app(_waiting)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


async def _waiting() -> Mapping[str, bool | str]:
    return {"started": "the database or Kafka has not answered yet"}
