"""The topic `configuration`, read whole at start and followed for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from common.configuration.shelf import Refusal, Shelf, Validator, differs
from common.configuration.values import Configuration
from common.errors import PermanentError, TransientError
from common.streaming.ports import Fetched, Place, Reader

__all__ = ["ConfigurationFeed", "Refusal"]

BATCH = 500
SILENT_POLLS = 10
"""So many empty polls before the end also count as having reached it: compaction may have removed the last records."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0


class ConfigurationFeed:
    """Gives a process the configuration in force, also while Kafka is away.

    `run` belongs into the wiring's task group. A validator raises PermanentError for a release that this process
    cannot run; then the one before stays in force. Any other exception of a validator is a bug and ends `run`.
    """

    def __init__(
        self,
        reader: Reader,
        *,
        validators: Sequence[Validator] = (),
        topic: str = "configuration",
        patience: float = 5.0,
    ) -> None:
        """Make a feed.

        Args:
            reader: Its alone.
            validators: Say whether this process can run a release.
            topic: Without the installation's prefix.
            patience: Seconds without a record after which the end counts as reached.
        """
        self._reader = reader
        self._place = Place(topic, 0)
        self._shelf = Shelf(validators)
        self._patience = patience
        self._wait = patience / SILENT_POLLS
        self._current = Configuration()
        self._goal: int | None = None
        """The end of the topic when reading began, or when somebody asked to catch up; None: not begun."""
        self._known = 0
        """What is behind this offset was taken."""
        self._whole = False
        self._silent = 0
        self._ready = asyncio.Event()
        self._settled = asyncio.Event()
        self._news = asyncio.Event()

    @property
    def current(self) -> Configuration:
        """The configuration in force; the same object until something changes."""
        return self._current

    @property
    def ready(self) -> bool:
        """Whether the topic was once read to its end, even if it was empty."""
        return self._ready.is_set()

    @property
    def refused(self) -> Mapping[str, Refusal]:
        """What this process does not take, by workspace (by record key where a record cannot be read)."""
        return dict(self._shelf.refused)

    async def wait_ready(self) -> None:
        await self._ready.wait()

    async def catch_up(self) -> None:
        """Return once all that was published before the call is in force.

        Raises:
            TransientError: the broker does not answer, or the topic could not be read that far.
        """
        end = (await self._reader.bounds([self._place]))[self._place].end
        if self._goal is not None and self._known < end:
            self._goal, self._whole, self._silent = max(end, self._goal), False, 0
        try:
            async with asyncio.timeout(2 * self._patience):
                while not self._whole:
                    await self._settled.wait()
        except TimeoutError:
            raise TransientError("configuration_lags", f"not read to {end} yet") from None

    async def changed(self, since: Configuration) -> Configuration:
        """Wait until another configuration than `since` is in force."""
        while self._current is since:
            await self._news.wait()
        return self._current

    async def run(self) -> None:
        """Read until cancelled; outages are waited out."""
        pause = FIRST_PAUSE
        while True:
            try:
                await self._begin()
                await self._step()
            except TransientError:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            except PermanentError:
                # The topic was re-created or trimmed under us: read it anew.
                self._goal, self._whole = None, False
                self._shelf = self._shelf.started_over()
                await asyncio.sleep(pause)
            else:
                pause = FIRST_PAUSE

    async def _begin(self) -> None:
        if self._goal is not None:
            return
        bounds = (await self._reader.bounds([self._place]))[self._place]
        await self._reader.assign({self._place: bounds.begin})
        self._goal, self._known = bounds.end, bounds.begin
        self._silent = 0
        self._whole = bounds.begin >= bounds.end
        if self._whole:
            self._settle()

    async def _step(self) -> None:
        fetched = await self._reader.poll(BATCH, self._wait)
        for record in fetched:
            self._take(record)
        self._silent = 0 if fetched else self._silent + 1
        if not self._whole and self._silent >= SILENT_POLLS:
            # Silence during an outage proves nothing: only what the broker itself says counts.
            await self._reader.bounds([self._place])
            self._whole, self._known = True, max(self._known, self._goal or 0)
            self._settle()
        elif self._whole and fetched:
            self._settle()

    def _take(self, record: Fetched) -> None:
        key = (record.key or b"").decode(errors="replace")
        self._shelf.take(key, record.value)
        self._known = record.offset + 1
        if self._goal is not None and self._known >= self._goal:
            self._whole = True

    def _settle(self) -> None:
        new = self._shelf.settle()
        self._ready.set()
        if differs(self._current, new):
            self._current = new
            self._news.set()
            self._news = asyncio.Event()
        self._settled.set()
        self._settled = asyncio.Event()
