"""What is shown of a start: never a reason to stop, nor to go on."""

from __future__ import annotations

import errno
import io

from rich.console import Console
from typing_extensions import override

from cuestream.stack.events import Step
from cuestream.stack.showing import Show


class ClosedTerminal(io.StringIO):
    """What is left of a window that was closed."""

    @override
    def write(self, text: str) -> int:
        raise OSError(errno.EIO, "Input/output error")


def test_a_closed_terminal_does_not_keep_the_stack_from_ending() -> None:
    Show(Console(file=ClosedTerminal())).take(Step("Stopping everything"))
