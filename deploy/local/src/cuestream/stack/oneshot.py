"""Programs that run once and must succeed: topics, migrations, the first configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence

from common.clock import monotonic
from cuestream.failures import FindingError, UnreachableError
from cuestream.stack.events import Ready, Report
from cuestream.stack.launch import Command, kill_group, last_lines, open_log, spawn_options
from cuestream.stack.watching import Watch

_PAUSES = (0.5, 1.0, 2.0, 4.0)


async def run_once(
    name: str, command: Command, watch: Watch, report: Report, pauses: Sequence[float] = _PAUSES
) -> None:
    """Return when it has done its work; ended with this task.

    One that could not reach something is tried again: a broker that has just started may be slow.

    Raises:
        FindingError: it said it failed.
    """
    begun = monotonic()
    exit_code = await _run(command, watch)
    for pause in pauses:
        if exit_code != UnreachableError.exit_code:
            break
        await asyncio.sleep(pause)
        exit_code = await _run(command, watch)
    if exit_code != 0:
        raise FindingError(f"{name} failed (exit code {exit_code}):\n{last_lines(command.log)}")
    report(Ready(name, monotonic() - begun))


async def _run(command: Command, watch: Watch) -> int:
    with open_log(command.log) as output:
        process = await asyncio.create_subprocess_exec(
            *command.argv, **spawn_options(command, output)
        )
    watch.add(process.pid, command.death_signal)
    try:
        return await process.wait()
    finally:
        kill_group(process.pid)
        watch.remove(process.pid)


async def all_of(work: Iterable[Coroutine[None, None, None]]) -> None:
    """Do all at once; the first failure ends the others and is raised as it is."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
