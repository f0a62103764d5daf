"""What the command prints: words for people, plain lines where nobody watches, JSON where asked."""

from __future__ import annotations

import sys

import msgspec
from rich.console import Console
from rich.table import Table

from cuestream.failures import CommandError

OUT = Console(highlight=False, soft_wrap=True)
_WIDE = Console(highlight=False, soft_wrap=True, width=240)
ERR = Console(highlight=False, soft_wrap=True, stderr=True)


def say(text: str) -> None:
    """One line for people, exactly as given: no markup is looked for in it."""
    OUT.print(text, markup=False)


def print_table(table: Table) -> None:
    """As wide as it is: cells cut to 80 columns help nobody where the output goes into a file."""
    _WIDE.print(table)


def print_json(encoded: bytes) -> None:
    """One JSON document on a line of its own."""
    sys.stdout.write(encoded.decode() + "\n")
    sys.stdout.flush()


def complain(error: CommandError, *, json: bool = False) -> None:
    """What went wrong, and what can be done; never on the output, which programs read."""
    if json:
        told = {"error": error.message, "remedies": error.remedies}
        sys.stderr.write(msgspec.json.encode(told).decode() + "\n")
        return
    ERR.print(f"Error: {error.message}", markup=False, style="red")
    for remedy in error.remedies:
        ERR.print(f"  • {remedy}", markup=False)
