"""Programs that run once and must succeed: topics, migrations, the first configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable

from common.clock import monotonic
from cuestream.failures import FindingError
from cuestream.stack.events import Ready, Report
from cuestream.stack.launch import Command, kill_group, last_lines, open_log, spawn_options
from cuestream.stack.watching import Watch


async def run_once(name: str, command: Command, watch: Watch, report: Report) -> None:
    """Return when it has done its work; ended with this task.

    Raises:
        FindingError: it said it failed.
    """
    begun = monotonic()
    with open_log(command.log) as output:
        process = await asyncio.create_subprocess_exec(
            *command.argv, **spawn_options(command, output)
        )
    watch.add(process.pid, command.death_signal)
    try:
        exit_code = await process.wait()
    finally:
        kill_group(process.pid)
        watch.remove(process.pid)
    if exit_code != 0:
        raise FindingError(f"{name} failed (exit code {exit_code}):\n{last_lines(command.log)}")
    report(Ready(name, monotonic() - begun))


async def all_of(work: Iterable[Coroutine[None, None, None]]) -> None:
    """Do all at once; the first failure ends the others and is raised as it is."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
