"""Options that several subcommands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from common.settings import load_settings
from cuestream.failures import UsageError
from cuestream.settings import LocalSettings
from cuestream.stack.layout import Layout

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Folder of the stack; default: CUESTREAM_DATA, else ./.cuestream",
        metavar="DIR",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]


def layout_of(data: Path | None) -> Layout:
    """The folder that was meant."""
    return Layout(data if data is not None else load_settings(LocalSettings).data)


def counts_of(scale: Sequence[str]) -> dict[str, int]:
    """Of each `NAME=N` how many of it.

    Raises:
        UsageError: it is something else.
    """
    counts = {}
    for each in scale:
        name, _, count = each.partition("=")
        if not count.isdigit():
            raise UsageError(f"It has to be NAME=N, not {each}.")
        counts[name] = int(count)
    return counts
