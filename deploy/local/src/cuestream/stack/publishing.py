"""What a stack publishes when it is up: the configuration of a directory, as `cuestream apply` does it."""

from __future__ import annotations

import sys
from pathlib import Path

from cuestream.failures import UsageError
from cuestream.settings import inherited_environment
from cuestream.stack.endpoints import Addresses
from cuestream.stack.events import Report, Step
from cuestream.stack.launch import Command
from cuestream.stack.oneshot import run_once
from cuestream.stack.watching import Watch
from cuestream.stack.wish import Publish

_NAME = "apply"


def publishing(directory: Path) -> Publish:
    """The hook that publishes a directory with `workspaces/` in it.

    Raises:
        UsageError: there is none.
    """
    if not (directory / "workspaces").is_dir():
        raise UsageError(
            f"There are no workspaces in {directory.resolve()}.",
            "Run this in the project's folder, or name one with --workspaces.",
        )

    async def publish(addresses: Addresses, watch: Watch, report: Report) -> None:
        report(Step("Publishing the workspaces"))
        layout = addresses.layout
        argv = [sys.executable, "-m", "cuestream", _NAME, str(directory), "--yes"]
        argv += ["--data", str(layout.root)]
        command = Command(tuple(argv), layout.log(_NAME), inherited_environment())
        await run_once(_NAME, command, watch, report)

    return publish
