"""Real processes, real signals."""

from __future__ import annotations

import asyncio
import signal
import sys

import pytest

from common.errors import PermanentError, TransientError
from common.telemetry.running import exit_code

pytestmark = pytest.mark.integration  # seconds, for the processes' sake

PRELUDE = """
import asyncio, sys
from common.errors import PermanentError, TransientError
from common.telemetry import configure_logging, run_process
configure_logging("info", service="test", process="test")
"""


async def run(body: str, number: signal.Signals | None = None) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PRELUDE + body, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            if number is not None:
                assert await process.stdout.readline() == b"up\n"
                process.send_signal(number)
            out = await process.stdout.read()
            return await process.wait(), out.decode()
    finally:
        if process.returncode is None:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_cancels_and_the_process_cleans_up(number: signal.Signals) -> None:
    code, out = await run(
        """
async def main():
    try:
        print("up", flush=True)
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        print("clean")
run_process(main)
""",
        number,
    )

    assert code == 0
    assert out.endswith("clean\n")
    assert '"event": "stopping"' in out


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("return", 0),
        ("1 / 0", 1),
        ("raise PermanentError('partition_count')", 2),
        ("raise TransientError('kafka_unavailable')", 3),
    ],
)
async def test_the_exit_code_says_why(statement: str, code: int) -> None:
    body = f"async def main():\n    {statement}\nrun_process(main)"

    assert (await run(body))[0] == code


async def test_a_hanging_thread_does_not_keep_a_finished_process() -> None:
    body = """
import threading
async def main():
    threading.Thread(target=threading.Event().wait).start()
run_process(main)
"""
    assert (await run(body))[0] == 0


def test_of_several_errors_the_worst_names_the_code() -> None:
    transient, permanent = TransientError("away"), PermanentError("wrong")

    assert exit_code(ExceptionGroup("", [transient, permanent])) == 2
    assert exit_code(ExceptionGroup("", [transient, ExceptionGroup("", [KeyError()])])) == 1
    assert exit_code(SystemExit(2)) == 2
