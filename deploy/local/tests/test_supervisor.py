"""The whole stack, with small stand-ins for the services: order, control, and nothing left running."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from cuestream.failures import UnreachableError, UsageError
from cuestream.settings import inherited_environment
from cuestream.stack.client import find_stack
from cuestream.stack.endpoints import Ports
from cuestream.stack.events import Ready, Step
from cuestream.stack.layout import Layout
from cuestream.stack.plan import CUESTREAM
from cuestream.stack.ports import LOOPBACK, free_port, is_free
from deploy.local.tests.stacks import Stack, Starter, processes_of, programs, told, until

pytestmark = pytest.mark.integration


@pytest.fixture
def folder() -> Iterator[Path]:
    with programs() as path:
        yield path


@pytest.fixture
def embedded(folder: Path) -> Starter:
    """Starts its own brokers, whatever the environment says."""
    environment = inherited_environment()
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL"):
        environment.pop(name, None)
    return Starter(folder, environment)


@pytest.fixture(scope="module")
def brokers(kafka_bootstrap: str, postgres_url: str) -> dict[str, str]:
    """Brokers that are already there, so that a stack starts in a second."""
    return {"KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap, "DATABASE_URL": postgres_url}


@pytest.fixture(scope="module")
def shared(brokers: dict[str, str]) -> Iterator[Stack]:
    """A running stack that the tests leave as it was; its first port is taken by somebody."""
    with programs() as path:
        starter = Starter(path, {**inherited_environment(), **brokers})
        taken = socket.create_server((LOOPBACK, starter.port))
        with taken, starter.stack(scale={"ingest-resolve": 3}) as stack:
            stack.until_up()
            yield stack


def test_killed_brokers_come_back_and_down_leaves_nothing(embedded: Starter) -> None:
    with embedded.stack() as stack:
        endpoints = stack.until_up()
        assert stack.order("status").endpoints == endpoints
        names = ("kafka", "postgres", "mailbox", "ingest-api", "ingest-resolve")
        assert [each.name for each in stack.order("status").processes] == list(names)
        ports = [stack.of(name).port or 0 for name in names]

        for name in ("kafka", "postgres", "mailbox"):
            os.kill(stack.of(name).pid or 0, signal.SIGKILL)
        for name in ("kafka", "postgres", "mailbox"):
            until(partial(stack.came_back, name))

        env = told(endpoints["ingest"])
        assert env["KAFKA_BOOTSTRAP_SERVERS"] == endpoints["kafka"]
        assert env["DATABASE_URL"].startswith("postgresql://ingest@127.0.0.1:")
        assert stack.order("down").state == "stopped"
        assert stack.process.wait(timeout=10) == 0

    until(lambda: not processes_of(embedded.folder))
    assert all(is_free(port) for port in ports)


def test_kill_9_of_the_supervisor_leaves_nothing_that_runs(embedded: Starter) -> None:
    with embedded.stack() as stack:
        stack.until_up()
        assert len(processes_of(embedded.folder)) > 8

        os.kill(stack.process.pid, signal.SIGKILL)

        until(lambda: not processes_of(embedded.folder))
        assert stack.layout.running() is None

    with embedded.stack() as stack:  # on what the killed one left
        stack.until_up()
        done = {event.name for event in stack.events if isinstance(event, Ready)}
        assert {"topics", "ingest-migrate"}.isdisjoint(done), "nothing changed: not done again"
        starting = stack.events.index(Step("Starting the services"))
        before = {event.name for event in stack.events[:starting] if isinstance(event, Ready)}
        assert "kafka" not in before, "the services wait for it themselves"


def test_a_process_stays_down_until_it_is_started(shared: Stack) -> None:
    shared.order("stop", "ingest-resolve")
    assert shared.of("ingest-resolve").state == "stopped"
    assert shared.order("status").state == "ready"

    shared.order("start", "ingest-resolve")
    assert shared.of("ingest-resolve").state == "ready"


def test_an_unknown_name_is_refused_with_the_known_ones(shared: Stack) -> None:
    with pytest.raises(UsageError, match="no process nonsense") as caught:
        shared.order("stop", "nonsense")

    assert "ingest-resolve" in caught.value.remedies[0]


def test_scaled_processes_have_names_slots_and_ports_of_their_own(shared: Stack) -> None:
    ports = find_stack(shared.layout).ports
    names = ["ingest-resolve", "ingest-resolve-2", "ingest-resolve-3"]

    slots = [told(f"http://127.0.0.1:{ports[name]}")["CUESTREAM_INSTANCE"] for name in names]

    assert slots == ["1", "2", "3"]
    assert len({ports[name] for name in names}) == 3


def test_a_running_stack_can_be_scaled(shared: Stack) -> None:
    names = {each.name for each in shared.order("status").processes}

    grown = shared.order("scale", "ingest-api", 2)
    assert {each.name for each in grown.processes} == {*names, "ingest-api-2"}
    assert {each.state for each in grown.processes} == {"ready"}
    port = find_stack(shared.layout).ports["ingest-api-2"]
    assert told(f"http://127.0.0.1:{port}")["CUESTREAM_INSTANCE"] == "2"

    shrunk = shared.order("scale", "ingest-api", 1)
    assert {each.name for each in shrunk.processes} == names
    assert is_free(port)
    with pytest.raises(UsageError, match="kafka=2"):
        shared.order("scale", "kafka", 2)


def test_a_free_port_is_the_wished_one(shared: Stack) -> None:
    assert find_stack(shared.layout).endpoints["mailbox"].endswith(f":{shared.mailbox_port}")


def test_wishes_are_kept_free_for_those_who_wish() -> None:
    first, second = free_port(), free_port()
    ports = Ports(wished={"api": first, "mailbox": second}, last={"other": first, "third": second})

    assert ports.give("other") not in (first, second)
    assert ports.give("third") not in (first, second)
    assert (ports.give("api"), ports.give("mailbox")) == (first, second)


def test_a_taken_port_moves_aside_and_status_says_so(shared: Stack) -> None:
    endpoint = find_stack(shared.layout).endpoints["ingest"]

    assert shared.of("ingest-api").port == int(endpoint.rpartition(":")[2])
    assert shared.of("ingest-api").port != shared.wished
    assert told(endpoint)["CUESTREAM_PUBLIC_URL"] == endpoint


def test_two_stacks_that_start_at_once_do_not_meet(brokers: dict[str, str]) -> None:
    environment, port = {**inherited_environment(), **brokers}, free_port()
    with programs() as one, programs() as other:
        starters = [Starter(folder, environment, port) for folder in (one, other)]
        with starters[0].stack() as first, starters[1].stack() as second:
            addresses = [stack.until_up()["ingest"] for stack in (first, second)]

            assert addresses[0] != addresses[1]
            for stack, address in zip((first, second), addresses, strict=True):
                assert told(address)["CUESTREAM_DATA"] == str(stack.layout.root.resolve())
                assert stack.of("ingest-api").restarts == 0


def test_the_stack_is_found_with_its_administrators_key(shared: Stack) -> None:
    found = find_stack(shared.layout)

    env = told(found.endpoints["ingest"])
    assert env["CUESTREAM_ADMIN_KEY_SHA256"] == sha256(found.admin_key.encode()).hexdigest()
    assert found.admin_key not in env.values()
    assert (shared.layout.root / "keys.json").stat().st_mode & 0o077 == 0


def test_a_second_stack_in_the_same_folder_is_refused(shared: Stack) -> None:
    with pytest.raises(UsageError, match="already running"), shared.layout.held():
        pass

    assert shared.order("status").state == "ready"


def test_one_shots_are_done_before_the_services_start(shared: Stack) -> None:
    ready = [event.name for event in shared.events if isinstance(event, Ready)]

    first_service = min(ready.index("ingest-api"), ready.index("ingest-resolve"))
    assert {"topics", "ingest-migrate"} <= set(ready[:first_service])


def test_a_failed_migration_ends_the_start_with_its_last_words(
    folder: Path, brokers: dict[str, str]
) -> None:
    with Starter(folder, {**inherited_environment(), **brokers}).stack(migrate="fail") as stack:
        failed = stack.until_failed()

    assert "ingest-migrate failed (exit code 1)" in failed.message
    assert "doing ['fail']" in failed.message
    until(lambda: not processes_of(folder))


def test_a_kafka_that_does_not_answer_is_said_so(folder: Path, brokers: dict[str, str]) -> None:
    nobody = {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}"}
    with Starter(folder, {**inherited_environment(), **brokers, **nobody}).stack() as stack:
        failed = stack.until_failed()

    assert failed.exit_code == 3
    assert "KAFKA_BOOTSTRAP_SERVERS" in failed.remedies[0]


def test_without_a_stack_the_error_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="No stack is running") as caught:
        find_stack(Layout(tmp_path))

    assert "cuestream up" in caught.value.remedies[0]


def test_a_name_that_cannot_be_scaled_is_refused() -> None:
    with pytest.raises(UsageError, match="kafka=2"):
        CUESTREAM.instances({"kafka": 2})
