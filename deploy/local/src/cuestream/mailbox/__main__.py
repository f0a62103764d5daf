"""`python -m cuestream.mailbox FOLDER --smtp-port N --port N`: one process, supervised by `cuestream up`."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import uvicorn
from typing_extensions import override

from cuestream.mailbox.receiving import receiving
from cuestream.mailbox.serving import build
from cuestream.mailbox.store import Mails
from cuestream.stack.ports import LOOPBACK


class _Server(uvicorn.Server):
    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn would raise the signal again after serving and end the process before SMTP is done."""
        yield


async def run(folder: Path, smtp_port: int, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    with closing(Mails(folder)) as mails:
        config = uvicorn.Config(
            build(mails), host=LOOPBACK, port=port, log_level="warning", access_log=False
        )
        server = _Server(config)

        def end() -> None:
            server.should_exit = True

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, end)
        async with receiving(mails, smtp_port):
            await server.serve()


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="cuestream.mailbox", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--smtp-port", type=int, default=2525)
    parser.add_argument("--port", type=int, default=8025)
    given = parser.parse_args()
    asyncio.run(run(given.folder, given.smtp_port, given.port))


if __name__ == "__main__":
    main()
