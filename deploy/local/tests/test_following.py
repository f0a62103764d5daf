"""Commands that read the log themselves, on a real Kafka."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from common.ids import derive, fresh
from common.kafka import KafkaLog, ensure_topics
from common.settings import KafkaSettings
from common.streaming.ports import Outgoing, Place
from deploy.local.tests.talking import Script, run, scripted

pytestmark = pytest.mark.integration
ANNA = derive("test", "anna")


@pytest.fixture(scope="module")
def settings(kafka_bootstrap: str) -> Iterator[KafkaSettings]:
    """Topics of this module's own: a broker takes a second to make them."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka_bootstrap)
        environment.setenv("CUESTREAM_TOPIC_PREFIX", f"t{fresh().hex[:8]}-")
        environment.setenv("CUESTREAM_PARTITIONS", "2")
        made = KafkaSettings()
        asyncio.run(ensure_topics(made))
        yield made


@pytest.fixture
def server(settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    with scripted() as script:
        monkeypatch.setenv("CUESTREAM_ORCHESTRATOR_URL", script.url)
        monkeypatch.setenv("CUESTREAM_RESOLVE_URL", script.url)
        yield script


def append(settings: KafkaSettings, topic: str, *records: Outgoing) -> None:
    async def publish() -> None:
        log = KafkaLog(settings, "test", 2)
        async with log.publisher() as publisher:
            for record in records:
                partition = log.partition_for(topic, record.key or b"")
                await publisher.publish(Place(topic, partition), [record])

    asyncio.run(publish())


def event(profile: object, **data: Any) -> Outgoing:
    value = {"type": "decision.made.v1", "subject": str(profile), "workspace": "demo", "data": data}
    return Outgoing(str(profile).encode(), json.dumps(value).encode(), {"accepted": b"1"})


def test_a_topic_is_printed_from_its_beginning_as_json_lines(
    settings: KafkaSettings, server: Script, capsys: Any
) -> None:
    append(settings, "decisions", event(ANNA, outcome="chosen"), event("bert", outcome="expired"))

    ran = run(capsys, "tail", "decisions", "--from-beginning", "--count", "2", "--json")

    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert {line["value"]["data"]["outcome"] for line in lines} == {"chosen", "expired"}
    assert all(line["topic"] == "decisions" for line in lines)
    assert lines[0]["headers"] == {"accepted": "1"}


def test_one_profiles_records_are_printed_one_line_each(
    settings: KafkaSettings, server: Script, capsys: Any
) -> None:
    append(
        settings,
        "journey.steps",
        event("bert", outcome="expired"),
        event(ANNA, outcome="chosen", decision_id=str(ANNA), version="a" * 64),
    )

    ran = run(
        capsys, "tail", "journey.steps", "--profile", str(ANNA), "--from-beginning", "--count", "1"
    )

    [line] = ran.out.splitlines()
    assert line.endswith(f"decision.made  demo  {str(ANNA)[:8]}  outcome=chosen")


def test_a_rejected_message_is_traced_to_its_reason(
    settings: KafkaSettings, server: Script, capsys: Any
) -> None:
    headers = {"reason": b"no_identity", "detail": b"no user", "service": b"ingest"}
    rejected = Outgoing(b"x", b'{"messageId":"m-1","type":"track"}', headers)
    append(settings, "ingest.events.quarantine", rejected)

    words = run(capsys, "trace", "m-1")
    told = run(capsys, "trace", "m-1", "--json")

    assert (words.code, told.code) == (1, 1)
    assert "m-1 was rejected" in words.out
    assert "by ingest, no_identity: no user." in words.out
    assert told.json["reason"] == "no_identity"


def test_another_workspaces_rejection_is_not_told(
    settings: KafkaSettings, server: Script, capsys: Any
) -> None:
    headers = {"reason": b"no_identity", "workspace": b"default"}
    append(settings, "ingest.events.quarantine", Outgoing(b"x", b'{"messageId":"m-9"}', headers))

    assert run(capsys, "trace", "m-9", "--workspace", "default").code == 1
    assert "Nobody has seen m-9" in run(capsys, "trace", "m-9", "--workspace", "demo").err


def test_an_accepted_message_that_is_not_resolved_yet_is_under_way(
    settings: KafkaSettings, server: Script, capsys: Any
) -> None:
    raw = Outgoing(b"x", b'{"data":{"body":{"messageId":"m-2"}}}')
    append(settings, "ingest.events", raw)

    ran = run(capsys, "trace", "m-2")

    assert ran.code == 0
    assert "m-2 was accepted" in ran.out
    assert "not resolved to a profile yet" in ran.out


def test_a_message_that_nobody_has_seen_is_a_finding(
    settings: KafkaSettings, server: Script, capsys: Any
) -> None:
    ran = run(capsys, "trace", "m-3")

    assert ran.code == 1
    assert "Nobody has seen m-3" in ran.err


def test_a_kafka_that_is_away_is_exit_code_3(
    server: Script, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")

    ran = run(capsys, "tail", "decisions")

    assert ran.code == 3
    assert "127.0.0.1:9" in ran.err
