"""An event loop without a clock and without sockets: what is ready runs in an order that a seed decides.

Time stands still while anything is ready and jumps to the next timer when nothing is. Everything that a process of the
simulation does runs in a context that names the process, so that one can be paused (nothing of it runs until it is
resumed) or killed (nothing of it ever runs again, not even a `finally`).
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, ContextVar, copy_context
from math import inf
from random import Random
from typing import Any, TypeVar

from typing_extensions import TypeVarTuple, Unpack, override

T = TypeVar("T")
Args = TypeVarTuple("Args")

RUNNING, PAUSED, DEAD = range(3)

REACH = 1.0
"""Seconds that what is ready may take at most."""


class Process:
    """A process of the operating system, as the loop sees it."""

    __slots__ = ("name", "parked", "state")

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = RUNNING
        self.parked: list[_Handle] = []
        """What became ready while it was paused."""


PROCESS: ContextVar[Process | None] = ContextVar("process", default=None)
"""Whose code runs; None is the world around: brokers, server, clients."""


class _Handle(asyncio.TimerHandle):
    """What asyncio's own handles are, without what only debuggers need: half of all time went there."""

    __slots__ = ("args", "callback", "context", "gone", "owner")

    def __init__(
        self, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None
    ) -> None:
        self.callback = callback
        self.args = args
        self.context = copy_context() if context is None else context
        self.owner: Process | None = self.context.get(PROCESS)
        self.gone = False

    @override
    def cancel(self) -> None:
        self.gone = True

    @override
    def cancelled(self) -> bool:
        return self.gone


class _Turn:
    """Awaited, it lets others run; cheaper than a sleep of no time."""

    def __await__(self) -> Generator[None, None, None]:
        yield


A_TURN = _Turn()


class _Task(asyncio.Task[T]):
    """A task whose hash is a number, so that sets of tasks have one order in every run."""

    def __init__(self, number: int, coro: Coroutine[Any, Any, T], **more: Any) -> None:
        self._number = number
        super().__init__(coro, **more)

    @override
    def __hash__(self) -> int:
        return self._number


class SeededLoop(asyncio.BaseEventLoop):
    """Runs handles of all processes, one after another, chosen by `random`."""

    def __init__(self, random: Random, *, haste: float = 0.02) -> None:
        """`haste` is how often a timer comes although something else is ready: as if that took its time."""
        super().__init__()
        self.steps = 0
        self.now = 0.0
        self.trace: int = 0
        """A running hash of what was chosen; equal in every run of one seed."""
        self._random = random.random
        self._haste = haste
        self._handles: list[_Handle] = []
        self._timers: list[tuple[float, int, _Handle]] = []
        self._count = 0
        self._tasks: list[_Task[Any]] = []

    @override
    def time(self) -> float:
        return self.now

    @override
    def call_soon(
        self,
        callback: Callable[[Unpack[Args]], object],
        *args: *Args,
        context: Context | None = None,
    ) -> asyncio.Handle:
        handle = _Handle(callback, args, context)
        owner = handle.owner
        if owner is None or owner.state == RUNNING:
            self._handles.append(handle)
        else:
            self._enqueue(handle)
        return handle

    @override
    def call_later(
        self,
        delay: float,
        callback: Callable[[Unpack[Args]], object],
        *args: *Args,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self.now + delay, callback, *args, context=context)

    @override
    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Args]], object],
        *args: *Args,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        handle = _Handle(callback, args, context)
        self._count += 1
        heapq.heappush(self._timers, (when, self._count, handle))
        return handle

    @override
    def create_task(
        self, coro: Any, *, name: object = None, context: Context | None = None
    ) -> asyncio.Task[Any]:
        self._count += 1
        task = _Task(self._count, coro, loop=self, context=context)
        self._tasks.append(task)
        return task

    @override
    def call_exception_handler(self, context: Any) -> None:
        """What nobody asks for (a result of a task that was killed) is nobody's business."""

    def spawn(self, process: Process | None, coro: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a coroutine as that process's, with all that it starts."""
        context = Context()
        context.run(PROCESS.set, process)
        return self.create_task(coro, context=context)

    def pause(self, process: Process) -> None:
        """As SIGSTOP: it stays where it is, in the middle of whatever it does."""
        if process.state == RUNNING:
            process.state = PAUSED
            mine = [handle for handle in self._handles if handle.owner is process]
            self._handles = [handle for handle in self._handles if handle.owner is not process]
            process.parked.extend(mine)

    def resume(self, process: Process) -> None:
        """As SIGCONT."""
        if process.state == PAUSED:
            process.state = RUNNING
            parked, process.parked = process.parked, []
            self._handles.extend(parked)

    def kill(self, process: Process) -> None:
        """As SIGKILL."""
        process.state = DEAD
        process.parked.clear()
        self._handles = [handle for handle in self._handles if handle.owner is not process]

    def run_while(self, wanted: Callable[[], bool], *, until: float, steps: int) -> None:
        """Run until `wanted` says no, nothing is left, it is that late or that many steps were made."""
        asyncio._set_running_loop(self)
        try:
            while wanted() and self.now < until and self.steps < steps:
                if not self._turn():
                    return
        finally:
            asyncio._set_running_loop(None)

    def _turn(self) -> bool:
        """Up to 32 steps, so that `wanted` is not asked at each."""
        random = self._random
        for _ in range(32):
            handles = self._handles
            if not handles or random() < self._haste:
                if self._is_due_within(REACH if handles else inf):
                    self._advance()
                    continue
                if not handles:
                    return False
            index = int(random() * len(handles))
            handle = handles[index]
            last = handles.pop()
            if handle is not last:
                handles[index] = last
            if handle.gone:
                continue
            self.steps += 1
            self.trace = (self.trace * 31 + index * 7 + len(handles)) & 0xFFFFFFFF
            handle.context.run(handle.callback, *handle.args)
        return True

    def _is_due_within(self, reach: float) -> bool:
        """Whether a timer comes so soon; one that was cancelled is none, and what follows it may be an hour away."""
        timers = self._timers
        while timers and timers[0][2].gone:
            heapq.heappop(timers)
        return bool(timers) and timers[0][0] < self.now + reach

    def _advance(self) -> None:
        """Make ready what is due next, and move the time there."""
        when, _, handle = heapq.heappop(self._timers)
        self.now = max(self.now, when)
        self._enqueue(handle)

    def _enqueue(self, handle: _Handle) -> None:
        owner = handle.owner
        if owner is None or owner.state == RUNNING:
            self._handles.append(handle)
        elif owner.state == PAUSED:
            owner.parked.append(handle)

    def abandon(self) -> None:
        """End the world: nothing runs any more; what was killed or left over is closed without consequence."""
        everyone = Process("nobody")
        everyone.state = DEAD
        token = PROCESS.set(everyone)
        asyncio._set_running_loop(self)
        try:
            for task in self._tasks:
                if not task.done():
                    task._log_destroy_pending = False  # type: ignore[attr-defined]
                    _close(task.get_coro())
        finally:
            asyncio._set_running_loop(None)
            PROCESS.reset(token)
        self._handles.clear()
        self._timers.clear()
        self._tasks.clear()
        self.close()


def _close(coro: Any) -> None:
    """Close a coroutine that will not go on, however often its `finally` wants to wait."""
    for _ in range(8):
        try:
            coro.close()
        except BaseException:  # noqa: BLE001, S112 - the dead have no last word
            continue
        return
