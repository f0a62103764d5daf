"""`python -m tests.fault.inside.hosting`: the real supervisor, with services that take orders, behind a proxy."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from common.settings import load_settings
from cuestream.commands.options import counts_of
from cuestream.failures import CommandError
from cuestream.settings import LocalSettings
from cuestream.stack.events import Failed
from cuestream.stack.layout import Layout
from cuestream.stack.plan import CUESTREAM, Plan
from cuestream.stack.publishing import publishing
from cuestream.stack.running import Telling, run_here
from cuestream.stack.wish import Wish

PROGRAM = ("tests.fault.inside.hosting",)
_SERVICE = "tests.fault.inside.service"


def main() -> None:
    """Hold the stack up until SIGTERM."""
    asked = _arguments()
    telling = Telling(asked.events_to)
    # Its own brokers, whatever the environment names: they are going to be killed.
    own = {"kafka_bootstrap_servers": None, "database_url": None}
    wish = Wish(
        plan(asked.service),
        Layout(asked.data),
        load_settings(LocalSettings).model_copy(update=own),
        counts_of(asked.scale),
        publish=publishing(asked.workspaces),
        kafka_nodes=asked.kafka_nodes,
        proxied=True,
        smtp=asked.smtp,
    )
    try:
        run_here(wish, telling.take)
    except CommandError as error:
        telling.take(Failed(error.message, error.remedies, error.exit_code))
        sys.exit(error.exit_code)


def plan(names: list[str]) -> Plan:
    """The real one, every service started in a way that takes orders; some services where not all are named."""
    services = tuple(
        replace(service, module=(_SERVICE, *service.module), port=None)
        for service in CUESTREAM.services
        if not names or service.name in names
    )
    has_publisher = any(service.name == CUESTREAM.publisher for service in services)
    return replace(
        CUESTREAM,
        services=services,
        publisher=CUESTREAM.publisher if has_publisher else None,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=PROGRAM[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workspaces", type=Path, required=True)
    parser.add_argument("--kafka-nodes", type=int, default=1)
    parser.add_argument("--scale", action="append", default=[])
    parser.add_argument("--service", action="append", default=[])
    parser.add_argument("--smtp", type=int)
    parser.add_argument("--events-to", type=int, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
