"""`python -m ingest api|resolve|migrate|replay|recover|backup-check`: which process to run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from common.settings import WRONG_SETTINGS, RecoverySettings, load_settings
from common.telemetry import configure_logging, run_process
from ingest.settings import ApiSettings, MigrateSettings, ResolveSettings

if TYPE_CHECKING:
    from common.recovery import Task

# Each process loads what it is made of and nothing else: the edge starts in half the time without a database driver,
# and the parent of its workers needs neither HTTP nor Kafka.
# ruff: noqa: PLC0415

USAGE: Final = "usage: python -m ingest api|resolve|migrate|replay|recover|backup-check\n"


def main(arguments: list[str]) -> None:
    """Run the process that the only argument names; another argument ends it with exit code 2."""
    match arguments:
        case ["api"]:
            _api()
        case ["api", "--worker", port, descriptor]:  # how `api` starts its own
            _worker(int(port), int(descriptor))
        case ["resolve"]:
            _resolve()
        case ["migrate"]:
            _migrate()
        case [("replay" | "recover" | "backup-check") as task]:
            _recover(task)
        case _:
            sys.stderr.write(USAGE)
            raise SystemExit(WRONG_SETTINGS)


def _api() -> None:
    settings = load_settings(ApiSettings)
    configure_logging(settings.log_level, service="ingest", process="api")
    if settings.worker_count == 1:
        from ingest.wiring.api import answer

        run_process(lambda: answer(settings), serves=True)
    from ingest.wiring.workers import supervise

    run_process(lambda: supervise(settings.host, settings.port, settings.worker_count))


def _worker(port: int, descriptor: int) -> None:
    from ingest.wiring.api import worker

    settings = load_settings(ApiSettings)
    configure_logging(settings.log_level, service="ingest", process="api")
    run_process(lambda: worker(settings, port, descriptor), serves=True)


def _resolve() -> None:
    from ingest.wiring.resolve import resolve

    settings = load_settings(ResolveSettings)
    configure_logging(settings.log_level, service="ingest", process="resolve")
    run_process(lambda: resolve(settings))


def _recover(task: Task) -> None:
    from ingest.wiring.resolve import recover

    settings = load_settings(RecoverySettings)
    configure_logging("info", service="ingest", process=task)
    run_process(lambda: recover(task, settings))


def _migrate() -> None:
    from common.postgres import migrate

    settings = load_settings(MigrateSettings)
    configure_logging("info", service="ingest", process="migrate")
    run_process(lambda: migrate("ingest.migrations", settings.database_url))


if __name__ == "__main__":
    main(sys.argv[1:])
