"""Shows a start as it goes: a progress bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn
from rich.table import Table

from cuestream.stack.control import StackStatus
from cuestream.stack.events import Downloading, Ended, Event, Failed, Ready, Step, Up

_TITLES = {
    "ingest": "events go to",
    "orchestrator": "console",
    "dispatcher": "links in mails",
    "mailbox": "mailbox",
    "smtp": "SMTP",
    "kafka": "Kafka",
    "postgres": "PostgreSQL",
}


class Show:
    """Takes events and prints them; `with` it, so that the bar is closed at the end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("  {task.description}"),
            BarColumn(),
            DownloadColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None
        self._quarter = 0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def take(self, event: Event) -> None:
        """Show one event; where the terminal was closed there is nobody to show it to."""
        with suppress(OSError):
            self._show(event)

    def _show(self, event: Event) -> None:
        match event:
            case Downloading(done, total):
                self._download(done, total)
            case Step(text):
                self._line(f"{text} …", "bold")
            case Ready(name, seconds):
                self._line(f"  ✓ {name} ({seconds:.1f} s)", "green")
            case Ended(name, exit_code, delay, why):
                how = f"was killed by signal {-exit_code}" if exit_code < 0 else f"ended: {why}"
                self._line(f"  ! {name} {how}; again in {delay:.1f} s", "yellow")
            case Up(endpoints):
                self._bar.stop()
                self._line(addresses(endpoints), "")
            case Failed():
                self._bar.stop()

    def _download(self, done: int, total: int) -> None:
        if self._console.is_terminal:
            if self._task is None:
                self._task = self._bar.add_task("Downloading Kafka (once)", total=total)
            self._bar.update(self._task, completed=done)
        elif done * 4 // total > self._quarter:
            self._quarter = done * 4 // total
            self._line(f"  Downloading Kafka (once): {done / 1e6:.0f} of {total / 1e6:.0f} MB", "")

    def _line(self, text: str, style: str) -> None:
        self._console.print(text, markup=False, style=style)


def addresses(endpoints: Mapping[str, str]) -> str:
    """Where everything is, one address a line."""
    titles = [_TITLES.get(name, name) for name in endpoints]
    width = max(map(len, titles), default=0)
    lines = zip(titles, endpoints.values(), strict=True)
    return "\n".join(f"  {title:<{width}}  {address}" for title, address in lines)


def processes(status: StackStatus) -> Table:
    """Every process in a row."""
    colours = {"ready": "green", "starting": "yellow", "stopped": "dim", "failed": "red"}
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("process", "state", "pid", "port", "restarts"):
        table.add_column(title, justify="left" if title in ("process", "state") else "right")
    for process in status.processes:
        state = f"[{colours[process.state]}]{process.state}[/]"
        pid, port = process.pid or "–", process.port or "–"
        table.add_row(process.name, state, str(pid), str(port), str(process.restarts))
    return table
