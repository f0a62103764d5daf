"""A tracking plan of what the log holds, by the command's own look at its records."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from common.configuration.tracking import parse_plan
from common.contracts import encode_event, event_bytes
from common.contracts.ingestion import EventAccepted
from common.streaming.ports import Fetched, Place
from cuestream.__main__ import main
from cuestream.commands.tracking_plan import Look, written
from ingest.domain.inference import Inference

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def record(event: str, *, workspace: str = "shop", source: str = "site") -> Fetched:
    body = {"type": "track", "userId": "u", "event": event, "properties": {"fit": "slim"}}
    payload = EventAccepted(
        protocol="segment",
        received_at=NOW,
        source=source,
        body=msgspec.Raw(msgspec.json.encode(body)),
    )
    cloud_event = encode_event(
        payload,
        id=UUID(int=1),
        source="/test",
        subject="u",
        time=NOW,
        workspace=workspace,
        correlationid=UUID(int=1),
    )
    return fetched(event_bytes(cloud_event))


def fetched(value: bytes | None) -> Fetched:
    return Fetched(Place("ingest.events", 0), 0, NOW, b"u", value, {})


def seen(look: Look, *records: Fetched) -> list[str]:
    assert not any(look.take(each) for each in records)
    return sorted(look.inference.counts)


def test_only_the_workspaces_and_the_sources_events_are_looked_at() -> None:
    records = (
        record("A"),
        record("B", workspace="other"),
        record("C", source="app"),
        fetched(b"no event"),
        fetched(None),
    )

    assert seen(Look("shop", None, Inference()), *records) == ["A", "C"]
    assert seen(Look("shop", "app", Inference()), *records) == ["C"]


def test_what_is_written_can_be_published() -> None:
    look = Look("shop", None, Inference())
    look.take(record("Fitting Booked"))
    text = written(look.inference.plan(), 1)

    assert "of 1 events" in text
    assert parse_plan("shop", text).events["Fitting Booked"].properties["properties"] == {
        "fit": {"type": "string"}
    }


def test_a_plan_that_is_there_is_never_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shop.yaml").write_text("mine")
    with pytest.raises(SystemExit) as ended:
        main(["tracking-plan", "infer", "--out", str(tmp_path / "shop.yaml")])

    assert ended.value.code == 2
    assert "is there already" in capsys.readouterr().err
    assert (tmp_path / "shop.yaml").read_text() == "mine"
