"""Structured logs that cannot carry personal data: JSON lines whose keys are on a list, whoever wrote them."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Final

import structlog
from prometheus_client import Counter

from common.errors import CuestreamError

DROPPED = Counter("cuestream_log_keys_dropped", "Keys of log lines that are not on the list")

ALLOWED: Final = frozenset(
    {
        # every line
        *("timestamp", "level", "event", "logger", "service", "process", "exception"),
        # where
        *(
            "loop",
            "topic",
            "partition",
            "partitions",
            "offset",
            "position",
            "begin",
            "end",
            "group",
        ),
        *("host", "port", "path", "method", "status"),
        # what: ids, names and numbers that say nothing of a person without our database
        *(
            "workspace",
            "source",
            "playbook",
            "version",
            "step",
            "channel",
            "provider",
            "kind",
            "name",
        ),
        *("profile_id", "event_id", "delivery_id", "decision_id", "enrollment_id", "trace_id"),
        *("release", "hash", "number", "count", "size", "seconds", "attempt", "batch", "epoch"),
        # why; `detail` is a sentence of ours, never a value
        *("reason", "detail", "error", "signal", "exit_code"),
    }
)
_NOISY: Final = {
    "aiokafka": logging.WARNING,
    "asyncio": logging.WARNING,
    "uvicorn": logging.WARNING,
}
"""Never below: on `debug` the driver writes the records themselves."""

_ADDRESS = re.compile(r"[^\s\"'<>,;:]+@[^\s\"'<>,;:]+|\+\d[\d ()/-]{6,}\d")

Line = MutableMapping[str, Any]


def configure_logging(level: str, *, service: str, process: str) -> None:
    """Send everything, ours and the libraries', to stdout as one JSON object a line, from `level` up."""
    named = {"service": service, "process": process}

    def add_names(_logger: object, _method: str, line: Line) -> Line:
        line.update(named)
        return line

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_names,
        summarize_exception,
        only_allowed,
        scrub,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(sort_keys=True, default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in _NOISY.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    logging.captureWarnings(capture=True)


def only_allowed(_logger: object, _method: str, line: Line) -> Line:
    """Drop, and count, what is not on the list."""
    unknown = [key for key in line if key not in ALLOWED and not key.startswith("_")]
    for key in unknown:
        del line[key]
    if unknown:
        DROPPED.inc(len(unknown))
    return line


def scrub(_logger: object, _method: str, line: Line) -> Line:
    """The second net: whatever looks like a mail address or a phone number, in a library's message too."""
    for key, value in line.items():
        if isinstance(value, str) and not key.startswith("_"):
            line[key] = _ADDRESS.sub("[address]", value)
    return line


def summarize_exception(_logger: object, _method: str, line: Line) -> Line:
    """Put the exception's types and places in, but not its message: libraries quote the values they choke on."""
    info = line.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    if isinstance(info, tuple):
        info = info[1]
    if isinstance(info, BaseException):
        line["exception"] = _summary(info)
    return line


def _summary(error: BaseException) -> str:
    said = f" {error.reason}" if isinstance(error, CuestreamError) else ""
    text = f"{type(error).__name__}{said} at {_places(error.__traceback__)}"
    if isinstance(error, BaseExceptionGroup):
        text += f" [{'; '.join(_summary(inner) for inner in error.exceptions)}]"
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return f"{text} after {_summary(cause)}" if cause is not None else text


def _places(tb: TracebackType | None) -> str:
    frames = traceback.extract_tb(tb)[-8:]
    return " > ".join(
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames
    )
