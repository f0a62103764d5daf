"""The `cuestream` command: every subcommand is a module of `cuestream.commands`."""

from __future__ import annotations

import sys

import typer

from cuestream.commands import demo, down, logs, process, status, up
from cuestream.console import complain
from cuestream.failures import CommandError

COMMANDS = (demo, up, down, status, logs, process)
"""Each has `register(app)`; help lists the commands in this order."""


def build() -> typer.Typer:
    """The whole command."""
    app = typer.Typer(
        help="Cuestream on this machine: the stack, its configuration, and what happens in it.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for command in COMMANDS:
        command.register(app)
    return app


def main() -> None:
    """Exit codes: 0 good, 1 a finding, 2 usage or configuration, 3 something cannot be reached."""
    try:
        build()()
    except CommandError as error:
        complain(error)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
