"""What the demo shows: a live board on a terminal, plain lines elsewhere, and the summary in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cuestream.demo.judging import Summary
from cuestream.demo.observed import Observed
from cuestream.demo.showcase import Shown

_LINES = 14


class Board:
    """Shows what was seen; `with` it, so that the terminal is its own again afterwards."""

    def __init__(self, console: Console, seen: Observed, endpoints: Mapping[str, str]) -> None:
        self._console = console
        self._seen = seen
        self._endpoints = endpoints
        self._live = Live(console=console, refresh_per_second=4) if console.is_terminal else None
        self._shown: list[str] = []

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, summary: Summary, phase: str) -> None:
        """Draw what is known now; without a terminal, print what is new."""
        if self._live is not None:
            self._live.update(self._draw(summary, phase))
            return
        recent = list(self._seen.recent)
        known = self._shown[-1:] and self._shown[-1] in recent
        fresh = recent[recent.index(self._shown[-1]) + 1 :] if known else recent
        for line in fresh:
            self._console.print(line, markup=False)
        self._shown = recent

    def _draw(self, summary: Summary, phase: str) -> Group:
        outcomes = Counter(d.outcome for d in self._seen.decisions.values())
        numbers = Table.grid(padding=(0, 3))
        for title, value in (
            ("events accepted", self._seen.events),
            ("lead scores", self._seen.scores),
            ("carts matched", summary.triggers),
            ("decisions", ", ".join(f"{n} {o}" for o, n in sorted(outcomes.items())) or 0),
            ("mails", len(self._seen.mails)),
            ("due → mailbox", latency_words(summary)),
        ):
            numbers.add_row(Text(title, style="dim"), Text(str(value), style="bold"))
        recent = Text("\n".join(list(self._seen.recent)[-_LINES:]) or "…")
        return Group(
            Panel(numbers, title=f"cuestream demo · {phase}", border_style="cyan"),
            Panel(recent, title="what happens", height=_LINES + 2, border_style="dim"),
            Text(
                f"mailbox {self._endpoints['mailbox']}   live page {self._endpoints['orchestrator']}"
                "   stop with Ctrl-C",
                style="cyan",
            ),
        )


def latency_words(summary: Summary) -> str:
    latency = summary.latency_ms
    return "–" if latency.p50 is None else f"{latency.p50} ms p50, {latency.p99} ms p99"


def verdict(summary: Summary) -> Table:
    """The summary as a person reads it."""
    table = Table.grid(padding=(0, 2))
    for good, text in (
        (True, f"{summary.abandoned} carts were abandoned by people who allow mail"),
        (
            summary.missing == 0,
            f"{summary.reminders} got their one reminder, {summary.missing} did not",
        ),
        (True, f"{summary.unknown} ended as unknown: the mail server was cut off in mid-answer"),
        (
            summary.wrong_mails == 0,
            f"{summary.wrong_mails} wrong mails: to a buyer, to a stranger, or without consent",
        ),
        (summary.doubled == 0, f"{summary.doubled} things happened twice"),
        (summary.sent_after_no == 0, f"{summary.sent_after_no} mails later than 1 s after a no"),
        (
            summary.triggers == summary.final_decisions,
            f"{summary.triggers} triggers, {summary.final_decisions} final decisions",
        ),
        (True, f"{summary.ordered_at_due} ordered in the instant in which the reminder was due"),
        (True, f"from due to the mailbox: {latency_words(summary)}"),
    ):
        _add(table, text, good=good)
    for shown in summary.playbooks:
        _add(table, f"{shown.playbook}: {_mails(shown)}", good=shown.held)
    return table


def _add(table: Table, text: str, *, good: bool) -> None:
    mark = Text("✓", style="green") if good else Text("✗", style="bold red")
    table.add_row(mark, text)


def _mails(shown: Shown) -> str:
    if shown.note:
        return shown.note
    missing = [message for message in shown.expected if message not in shown.sent]
    said = ", ".join(shown.sent) or "nothing was sent"
    return f"{said}; {', '.join(missing)} did not come" if missing else said
