"""What a process tells about itself: logs, health, metrics, its exit code."""

from common.telemetry.admin import is_admin
from common.telemetry.health import Handler, Request, health_app
from common.telemetry.logs import configure_logging
from common.telemetry.running import run_process
from common.telemetry.serving import serve

__all__ = [
    "Handler",
    "Request",
    "configure_logging",
    "health_app",
    "is_admin",
    "run_process",
    "serve",
]
