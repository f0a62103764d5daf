"""The `cuestream` command: every subcommand is a module of `cuestream.commands`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

import typer

from cuestream.console import complain
from cuestream.failures import CommandError

COMMANDS = {
    "up": "up",
    "down": "down",
    "status": "status",
    "logs": "logs",
    "stop": "process",
    "start": "process",
    "scale": "process",
    "apply": "apply",
    "playbooks": "playbooks",
    "keys": "keys",
    "tracking-plan": "tracking_plan",
    "import": "importing",
    "tail": "tail",
    "trace": "trace",
    "why": "why",
    "profile": "profile",
    "halt": "sending",
    "resume": "sending",
    "quarantine": "quarantine",
    "positions": "positions",
    "demo": "demo",
    "replay": "recovery",
    "recover": "recovery",
    "backup-check": "recovery",
    "bench": "bench",
}
"""Each subcommand and its module, which has `register(app)`; help lists them in this order."""


def build(arguments: Sequence[str]) -> typer.Typer:
    """The command, with the modules that these arguments need: loading all takes a second."""
    app = typer.Typer(
        help="Cuestream on this machine: the stack, its configuration, and what happens in it.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_together)
    asked = [COMMANDS[word] for word in arguments[:1] if word in COMMANDS]
    for module in asked or dict.fromkeys(COMMANDS.values()):
        import_module(f"cuestream.commands.{module}").register(app)
    return app


def _together() -> None:
    """With a callback, a lone subcommand keeps its name."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Exit codes: 0 good, 1 a finding, 2 usage or configuration, 3 something cannot be reached."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        build(words)(words)
    except CommandError as error:
        complain(error, json="--json" in words)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:  # while the modules load; a running command handles it itself
        sys.exit(130)


if __name__ == "__main__":
    main()
