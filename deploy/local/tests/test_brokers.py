"""The embedded Kafka and PostgreSQL are the real ones and keep their data when they are killed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cuestream.failures import UnreachableError
from cuestream.stack.kafka.jars import kafka_jars, locked_jars
from cuestream.stack.kafka.probe import live_brokers
from cuestream.stack.postgres import create_database, service_url, start_postgres
from cuestream.stack.postgres.roles import run_psql
from cuestream.stack.pytest_plugin import Database


@pytest.fixture
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def test_without_a_cache_and_a_network_the_error_names_the_remedies(data: Path) -> None:
    with pytest.raises(UnreachableError) as caught:
        kafka_jars(data, maven_url="http://127.0.0.1:9/nowhere")

    remedies = " ".join(caught.value.remedies)
    assert "KAFKA_BOOTSTRAP_SERVERS" in remedies
    assert str(data) in remedies
    assert caught.value.exit_code == 3


def test_the_lock_names_every_jar_once() -> None:
    names = [jar.file_name for jar in locked_jars()]

    assert len(names) == len(set(names)) == 46


@pytest.mark.integration
def test_a_killed_postgres_keeps_what_was_committed(data: Path) -> None:
    with start_postgres(data) as postgres:
        url = create_database(postgres.url, "cuestream")
        run_psql(url, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
        postgres.kill()
        postgres.start()
        assert run_psql(url, "SELECT n FROM kept") == "7"


@pytest.mark.integration
def test_a_service_has_no_rights_in_another_schema(database: Database) -> None:
    run_psql(database.of("ingest"), "CREATE TABLE mine (n int)")

    assert run_psql(database.of("ingest"), "SELECT count(*) FROM ingest.mine") == "0"
    with pytest.raises(UnreachableError, match="permission denied for schema ingest"):
        run_psql(database.of("scoring"), "SELECT count(*) FROM ingest.mine")
    with pytest.raises(UnreachableError, match="permission denied"):
        run_psql(database.of("scoring"), "CREATE TABLE public.theirs (n int)")


@pytest.mark.integration
def test_making_the_roles_again_changes_nothing(database: Database) -> None:
    create_database(database.url, database.url.rpartition("/")[2])

    assert run_psql(database.of("dispatcher"), "SELECT current_schema") == "dispatcher"


@pytest.mark.integration
def test_the_roles_may_be_made_by_many_at_once(database: Database) -> None:
    name = database.url.rpartition("/")[2]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: create_database(database.url, name), range(24)))

    assert set(made) == {database.url}


@pytest.mark.integration
def test_the_shared_kafka_answers(kafka_bootstrap: str) -> None:
    assert live_brokers(int(kafka_bootstrap.rpartition(":")[2]))


def test_the_url_of_a_service_keeps_the_address() -> None:
    url = service_url("postgresql://postgres:pw@127.0.0.1:5433/cuestream?sslmode=disable", "ingest")

    assert url == "postgresql://ingest@127.0.0.1:5433/cuestream?sslmode=disable"
