"""`python -m orchestrator consume|api|migrate|replay|recover|backup-check`: which process to run."""

from __future__ import annotations

import sys
from typing import Final

from common.recovery import TASKS, is_task
from common.settings import WRONG_SETTINGS, RecoverySettings, load_settings
from common.telemetry import configure_logging, run_process
from orchestrator.settings import ApiSettings, ConsumeSettings, MigrateSettings
from orchestrator.wiring import api, consume, migrate, recover

USAGE: Final = f"usage: python -m orchestrator consume|api|migrate|{'|'.join(TASKS)}\n"


def main(arguments: list[str]) -> None:
    """Run the process that the only argument names; another argument ends it with exit code 2."""
    match arguments:
        case ["consume"]:
            settings = load_settings(ConsumeSettings)
            configure_logging(settings.log_level, service="orchestrator", process="consume")
            run_process(lambda: consume(settings))
        case ["api"]:
            api_settings = load_settings(ApiSettings)
            configure_logging(api_settings.log_level, service="orchestrator", process="api")
            run_process(lambda: api(api_settings), serves=True)
        case ["migrate"]:
            migrate_settings = load_settings(MigrateSettings)
            configure_logging("info", service="orchestrator", process="migrate")
            run_process(lambda: migrate(migrate_settings))
        case [task] if is_task(task):
            recovering = load_settings(RecoverySettings)
            configure_logging("info", service="orchestrator", process=task)
            run_process(lambda: recover(task, recovering))
        case _:
            sys.stderr.write(USAGE)
            raise SystemExit(WRONG_SETTINGS)


if __name__ == "__main__":
    main(sys.argv[1:])
