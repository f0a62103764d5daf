"""Ports are whose they were chosen for, also while nobody listens on them yet."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cuestream.stack.endpoints import Ports
from cuestream.stack.ports import LOOPBACK, Claims, free_port, is_free

TAKE = """
import pathlib, sys, time
from cuestream.stack.ports import Claims
claims = Claims(pathlib.Path(sys.argv[1]))
print(claims.take(int(sys.argv[2])), flush=True)
time.sleep(600)
"""


def test_two_stacks_that_start_at_once_never_choose_the_same_port(tmp_path: Path) -> None:
    wished = {"ingest-api": free_port(), "mailbox": free_port()}
    names = ("ingest-api", "mailbox", "postgres", "kafka")
    last = {"postgres": free_port()}
    one, other = Claims(tmp_path), Claims(tmp_path)
    first = Ports(wished, last, one.take)
    second = Ports(wished, last, other.take)

    chosen = [ports.give(name) for name in names for ports in (first, second)]

    assert len(set(chosen)) == len(chosen)
    assert first.give("ingest-api") == wished["ingest-api"]
    one.close()
    other.close()


def test_a_claim_ends_with_the_process_that_made_it_however_it_ends(tmp_path: Path) -> None:
    port, claims = free_port(), Claims(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", TAKE, str(tmp_path), str(port)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"True\n"
        assert not claims.take(port)
        process.kill()
        process.wait()

    assert claims.take(port)
    claims.close()


def test_a_port_on_which_somebody_listens_cannot_be_claimed(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = int(server.getsockname()[1])
        assert not Claims(tmp_path).take(port)
        assert free_port(port) != port


def test_where_nothing_can_be_locked_a_free_port_is_taken_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert Claims(tmp_path / "file").take(free_port())


@pytest.mark.skipif(sys.platform != "linux", reason="where the kernel says its range")
def test_no_outgoing_connection_is_given_a_port_that_was_chosen() -> None:
    first, _ = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())

    assert {port < first for port in (free_port() for _ in range(20))} == {True}
    assert is_free(free_port())
