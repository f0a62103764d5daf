"""What runs beside the shop ends with it, and what went wrong there is not kept quiet."""

from __future__ import annotations

import asyncio

import pytest

from cuestream.demo.running import end_all
from cuestream.failures import UsageError


async def test_what_is_still_running_is_ended() -> None:
    task = asyncio.create_task(asyncio.Event().wait())

    await end_all([task])

    assert task.cancelled()


async def test_a_kill_that_did_not_happen_is_said() -> None:
    async def kill() -> None:
        raise UsageError("kafka is not running.")

    task = asyncio.create_task(kill())
    await asyncio.wait({task})

    with pytest.raises(UsageError, match="not running"):
        await end_all([task, asyncio.create_task(asyncio.Event().wait())])
