"""`python -m ingest api|resolve|migrate`: which process to run."""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from common.settings import WRONG_SETTINGS, load_settings
from common.telemetry import configure_logging, run_process
from ingest.settings import ApiSettings, MigrateSettings, ResolveSettings
from ingest.wiring import api, migrate, resolve, worker

USAGE: Final = "usage: python -m ingest api|resolve|migrate\n"


def main(arguments: list[str]) -> None:
    """Run the process that the only argument names; another argument ends it with exit code 2."""
    match arguments:
        case ["api", *rest]:
            _api(rest)
        case ["resolve"]:
            settings = load_settings(ResolveSettings)
            configure_logging(settings.log_level, service="ingest", process="resolve")
            run_process(lambda: resolve(settings))
        case ["migrate"]:
            asyncio.run(migrate(load_settings(MigrateSettings)))
        case _:
            _misused()


def _api(rest: list[str]) -> None:
    settings = load_settings(ApiSettings)
    configure_logging(settings.log_level, service="ingest", process="api")
    match rest:
        case []:
            run_process(lambda: api(settings))
        case ["--worker", port, descriptor]:  # how `api` starts its own
            run_process(lambda: worker(settings, int(port), int(descriptor)))
        case _:
            _misused()


def _misused() -> None:
    sys.stderr.write(USAGE)
    raise SystemExit(WRONG_SETTINGS)


if __name__ == "__main__":
    main(sys.argv[1:])
