"""Options that several subcommands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from common.settings import load_settings
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
