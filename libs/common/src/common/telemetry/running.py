"""Runs a process: a fast loop, signals that cancel, an end within 10 s, an exit code that says why."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final, NoReturn

import structlog

from common.errors import PermanentError, TransientError

log = structlog.get_logger(__name__)

BUG, WRONG, UNREACHABLE = 1, 2, 3
"""Exit codes: a broken promise of ours; usage or configuration; something cannot be reached."""
STOP_SECONDS: Final = 10.0

Main = Callable[[], Coroutine[Any, Any, None]]


def run_process(main: Main, *, serves: bool = False) -> NoReturn:
    """Run `main` until it returns or SIGTERM or SIGINT cancels it, then end the process.

    `serves` says that it answers requests of others, and no batches are folded in it.
    Exit code 0 after a return or a signal; otherwise by the errors that came out: 1 a bug, 2 PermanentError,
    3 TransientError; of several the lowest. A second signal, or 10 s after the first, ends it at once.
    """
    _spare_the_collector(serves=serves)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        code = runner.run(_guarded(main))
    sys.stdout.flush()
    # Not sys.exit: a thread that hangs in a library must not keep a finished process alive.
    os._exit(code)


def _spare_the_collector(*, serves: bool) -> None:
    """Have it look at little, and rarely: what was imported stays for ever, and a batch's objects all live to its end.

    Left as it is, it looks at a batch of 500 records two dozen times, and now and then at every module, to find nothing;
    resolve's batch has more than 20,000 objects. What a request leaves behind where it was refused does go in circles: of
    so many memory would grow.
    """
    gc.freeze()
    gc.set_threshold(*((2_000, 10, 10) if serves else (50_000, 20, 20)))


async def _guarded(main: Main) -> int:
    task = asyncio.ensure_future(main())
    stopped: list[str] = []

    def stop(name: str) -> None:
        if stopped:
            os._exit(BUG)
        stopped.append(name)
        log.info("stopping", signal=name)
        _end_in(STOP_SECONDS)
        task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number.name)
    await asyncio.wait({task})
    if task.cancelled():
        return 0 if stopped else BUG
    error = task.exception()
    if error is None:
        return 0
    code = exit_code(error)
    log.error("process_failed", exit_code=code, detail=_told(error), exc_info=error)
    return code


def exit_code(error: BaseException) -> int:
    """The code for what came out of `main`."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else BUG
    return min(_code(leaf) for leaf in _leaves(error))


def _code(error: BaseException) -> int:
    if isinstance(error, PermanentError):
        return WRONG
    return UNREACHABLE if isinstance(error, TransientError) else BUG


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _told(error: BaseException) -> str:
    """Our own errors in their own words, which hold no values; of others the log has type and place."""
    ours = (PermanentError, TransientError)
    return "; ".join(str(leaf) for leaf in _leaves(error) if isinstance(leaf, ours))


def _end_in(seconds: float) -> None:
    timer = threading.Timer(seconds, os._exit, args=(BUG,))
    timer.daemon = True
    timer.start()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415  not to be had on Windows

    return uvloop.new_event_loop
