"""Log lines as another process would read them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from common.errors import PermanentError
from common.telemetry import configure_logging
from common.telemetry.logs import DROPPED


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)


def configure() -> None:
    """In the test itself: pytest changes stdout between a fixture and its test."""
    configure_logging("debug", service="scoring", process="consume")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_says_who_what_and_where(capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    structlog.get_logger("x").info("partition_taken", partition=3, loop="scoring.consume")

    (line,) = lines(capsys)

    assert line.pop("timestamp")
    assert line == {
        "event": "partition_taken",
        "level": "info",
        "logger": "x",
        "loop": "scoring.consume",
        "partition": 3,
        "process": "consume",
        "service": "scoring",
    }


def test_unknown_keys_are_dropped_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    before = DROPPED._value.get()
    structlog.get_logger().warning("mail_refused", email="anna@example.com", reason="bounced")

    (line,) = lines(capsys)

    assert "email" not in line
    assert line["reason"] == "bounced"
    assert DROPPED._value.get() == before + 1


def test_addresses_are_scrubbed_from_libraries_messages_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure()
    logging.getLogger("some.library").warning(
        "no such user: %s", "anna@example.com +49 170 1234567"
    )

    (line,) = lines(capsys)

    assert line["event"] == "no such user: [address] [address]"
    assert (line["logger"], line["level"], line["service"]) == (
        "some.library",
        "warning",
        "scoring",
    )


def test_an_exception_is_told_without_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    try:
        try:
            int("Anna Smith")
        except ValueError as error:
            raise PermanentError("undecodable", "a number") from error
    except PermanentError:
        structlog.get_logger().exception("fold_failed")
        logging.getLogger("library").exception("it failed")

    written = lines(capsys)
    assert [line["event"] for line in written] == ["fold_failed", "it failed"]
    for line in written:
        told = str(line["exception"])
        assert told.startswith("PermanentError undecodable at test_logs.py:")
        assert " after ValueError at test_logs.py:" in told
        assert "Anna" not in json.dumps(line)


def test_the_kafka_driver_never_writes_records(capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    logging.getLogger("aiokafka.producer.producer").debug("Sending (key=%s value=%s)", "k", "v")

    assert lines(capsys) == []
