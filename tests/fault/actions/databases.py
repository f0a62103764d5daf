"""PostgreSQL killed, restarted, slow, without connections and without a byte of disk."""

from __future__ import annotations

from random import Random

from cuestream.stack.postgres import SERVICES
from cuestream.stack.proxy import Fault
from tests.fault.actions.stack import Stack


def postgres_killed(stack: Stack, chance: Random) -> str:
    """`kill -9` of the server; it recovers from its log. A commit under way is known or not, never half."""
    stack.pause(chance.uniform(0.0, 2.0))
    stack.kill("postgres")
    return "the server"


def postgres_restarted(stack: Stack, chance: Random) -> str:
    """A fast shutdown, some seconds away, and a start. Loops wait; edges, which need no database, answer on."""
    down = chance.uniform(1.0, 6.0)
    stack.stop("postgres")
    stack.pause(down)
    stack.start("postgres")
    return f"for {down:.0f} s"


def connections_cut(stack: Stack, chance: Random) -> str:
    """`pg_terminate_backend` of everything that one service has open, in whatever transaction it is."""
    service = chance.choice(SERVICES)
    ended = stack.psql(
        f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{service}'"  # noqa: S608  a name of ours
    )
    return f"{ended} of {service}"


def postgres_stalled(stack: Stack, chance: Random) -> str:
    """No byte from or to PostgreSQL for 2 s, several times in a row; connections stay."""
    times = chance.randint(1, 3)
    for _ in range(times):
        with stack.links.suffering("*", "postgres", Fault(stall=True)):
            stack.pause(2.0)
        stack.pause(chance.uniform(0.2, 1.0))
    return f"{times} times 2 s"


def disk_full(stack: Stack, chance: Random) -> str:
    """Not one byte is left for PostgreSQL; then there is again.

    It refuses, or stops and cannot start, until there is room. What it had committed stays.
    """
    assert stack.disk is not None
    seconds = chance.uniform(3.0, 8.0)
    with stack.disk.full():
        stack.pause(seconds)
    return f"for {seconds:.0f} s"
