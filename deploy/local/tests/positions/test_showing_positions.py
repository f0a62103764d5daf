"""What the processes and the rows say of where the loops stand, as it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from common.streaming.oversight import Holding
from common.streaming.ports import Bounds, Place, Position
from cuestream.commands.positions.telling import plain, tell
from cuestream.commands.status import Obstacles, _tell
from cuestream.reaching.installation import Installation
from cuestream.reaching.processes import Told, ask
from deploy.local.tests.talking import Script, scripted

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HERE = Place("profile.activity", 1)
ALARM = "log_changed position 3 of profile.activity/1 is outside the log (5-9)"
SCORING = ("scoring.consume", 1)


@pytest.fixture
def server() -> Iterator[Script]:
    with scripted() as script:
        yield script


def figures(**gauges: float) -> bytes:
    registry = CollectorRegistry()
    for name, value in gauges.items():
        gauge = Gauge(f"cuestream_{name}", "", ["loop", "partition"], registry=registry)
        gauge.labels(*SCORING).set(value)
    return generate_latest(registry)


async def told_by(server: Script, **urls: str) -> Told:
    return await ask(Installation({}, None, None, urls))


async def test_an_alarm_is_told_with_its_loop_and_partition(server: Script) -> None:
    missing = {"partition 1": ALARM, "configuration": False}
    server.answers["GET /readyz"] = (503, {"ready": False, "missing": missing})
    server.answers["GET /metrics"] = (
        200,
        figures(epoch=4, virtual_time_seconds=NOON.timestamp()),
    )

    told = await told_by(server, scoring=server.url, away="http://127.0.0.1:9")

    assert told.alarms == {SCORING: ALARM}
    assert told.owners == {SCORING: "scoring"}
    assert told.virtual_times == {SCORING: NOON.timestamp()}
    assert told.silent == ("away",)


async def test_a_process_without_partitions_says_nothing(server: Script) -> None:
    server.answers["GET /readyz"] = (200, {"ready": True})
    server.answers["GET /metrics"] = (200, b"")

    assert await told_by(server, api=server.url) == Told()


HELD = Holding("scoring.consume", 1, 4, 17, free=False, outbox=2, next_due=NOON)


def test_a_position_is_shown_beside_its_log(capsys: Any) -> None:
    held = [HELD, Holding("dispatcher.send", 0, 1, 1, free=True)]
    held[0].positions[HERE] = Position(3, NOON)
    told = Told({SCORING: ALARM}, {SCORING: NOON.timestamp()}, {SCORING: "scoring-consume"})
    bounds = {HERE: Bounds(5, 9)}

    tell(held, bounds, told)
    shown = capsys.readouterr().out
    first, second = plain(held, bounds, told)["partitions"]

    assert "scoring.consume partition 1 stands still: log_changed" in shown
    assert (first["owner"], first["alarm"], first["virtual_time"]) == (
        "scoring-consume",
        ALARM,
        NOON,
    )
    assert first["positions"] == [
        {
            "topic": "profile.activity",
            "next_offset": 3,
            "appended_at": NOON,
            "begin": 5,
            "end": 9,
            "lag": 6,
        }
    ]
    assert (second["free"], second["positions"]) == (True, [])


def test_status_names_what_holds_the_work_up(capsys: Any) -> None:
    halt = {"workspace": "demo", "by": "admin", "at": "2026-05-01T12:00:00Z"}
    stopped = {"loop": "scoring.consume", "partition": 1, "alarm": ALARM}

    _tell(Obstacles([halt], [stopped]))
    _tell(Obstacles(None))

    shown = capsys.readouterr().out
    assert "Nothing is sent for the workspace demo since 2026-05-01T12:00:00Z" in shown
    assert "scoring.consume partition 1 stands still: log_changed" in shown
    assert "the dispatcher does not say" in shown
