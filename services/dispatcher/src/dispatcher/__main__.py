"""`python -m dispatcher consume|send|api|migrate|replay|recover|backup-check`: which process to run."""

from __future__ import annotations

import sys
from typing import Final

from common.recovery import TASKS, is_task
from common.settings import WRONG_SETTINGS, load_settings
from common.telemetry import configure_logging, run_process
from dispatcher.settings import (
    ApiSettings,
    ConsumeSettings,
    MigrateSettings,
    RecoverySettings,
    SendSettings,
)
from dispatcher.wiring import api, consume, migrate, recover, send

USAGE: Final = f"usage: python -m dispatcher consume|send|api|migrate|{'|'.join(TASKS)}\n"


def main(arguments: list[str]) -> None:
    """Run the process that the only argument names; another argument ends it with exit code 2."""
    match arguments:
        case ["consume"]:
            consuming = load_settings(ConsumeSettings)
            configure_logging(consuming.log_level, service="dispatcher", process="consume")
            run_process(lambda: consume(consuming))
        case ["send"]:
            sending = load_settings(SendSettings)
            configure_logging(sending.log_level, service="dispatcher", process="send")
            run_process(lambda: send(sending))
        case ["api"]:
            serving = load_settings(ApiSettings)
            configure_logging(serving.log_level, service="dispatcher", process="api")
            run_process(lambda: api(serving), serves=True)
        case ["migrate"]:
            migrating = load_settings(MigrateSettings)
            configure_logging("info", service="dispatcher", process="migrate")
            run_process(lambda: migrate(migrating))
        case [task] if is_task(task):
            recovering = load_settings(RecoverySettings)
            configure_logging("info", service="dispatcher", process=task)
            run_process(lambda: recover(task, recovering))
        case _:
            sys.stderr.write(USAGE)
            raise SystemExit(WRONG_SETTINGS)


if __name__ == "__main__":
    main(sys.argv[1:])
