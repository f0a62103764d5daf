"""Processes that are killed, stopped, restarted, shared out anew and deployed."""

from __future__ import annotations

from random import Random
from typing import Final

from cuestream.stack.proxy import LinkState
from tests.fault.actions.stack import Stack
from tests.fault.inside.orders import JOB_STEPS, STEPS

SESSION_SECONDS: Final = 20.0
"""After so long without a sign of life, the group gives a member's partitions to others."""
_BEYOND: Final = SESSION_SECONDS + 5.0
_STRUCK_WITHIN: Final = 30.0
_OLDER: Final = {"scoring-consume": "delivery.status", "orchestrator-consume": "profile.scores"}
"""An input that an older version of the process could well have lacked."""


def kill_at_random(stack: Stack, chance: Random) -> str:
    """`kill -9` of one of our processes at any moment, between any two instructions.

    The supervisor starts it again; what it owned is as after its last commit.
    """
    name = chance.choice(stack.services)
    stack.pause(chance.uniform(0.0, 2.0))
    stack.kill(name)
    return name


def kill_at_step(stack: Stack, chance: Random) -> str:
    """`kill -9` exactly behind one step of an owner's loop, such as after the commit and before the publication.

    Without traffic the step may not be crossed: then nothing happens, and that is said.
    """
    name = chance.choice(stack.owners)
    step = chance.choice(STEPS if name in stack.loops else JOB_STEPS)
    crossing = chance.randint(1, 20)
    stack.arm(name, step, crossing)
    where = f"{name} at {step}, crossing {crossing}"
    try:
        stack.until(where, lambda: not stack.orders.armed(name), _STRUCK_WITHIN)
    except AssertionError:
        stack.orders.disarm(name)
        return f"{where}: not reached"
    return where


def stop_beyond_session(stack: Stack, chance: Random) -> str:
    """SIGSTOP of an owner for longer than its session, then SIGCONT.

    Another owner, where there is one, takes over meanwhile; the old one's writes are refused when it wakes.
    """
    name = chance.choice(stack.owners)
    with stack.stopped(name):
        stack.pause(_BEYOND)
    return f"{name} for {_BEYOND:.0f} s"


def stop_in_transaction(stack: Stack, chance: Random) -> str:
    """SIGSTOP of an owner between its last statement and the commit, for longer than its session.

    The database ends the idle transaction, or the next owner does; nothing stays locked, and nothing was written.
    """
    name = chance.choice(stack.loops)
    stack.arm(name, "advanced", chance.randint(1, 5), "STOP")
    pid = stack.pid(name)
    try:
        stack.until(f"{name} stops", lambda: not stack.orders.armed(name), _STRUCK_WITHIN)
    except AssertionError:
        stack.orders.disarm(name)
        return f"{name}: no transaction"
    try:
        stack.pause(_BEYOND)
    finally:
        stack.wake(pid)
    return f"{name} for {_BEYOND:.0f} s"


def stop_in_smtp(stack: Stack, chance: Random) -> str:
    """SIGSTOP of the sender while it waits for the server's next answer, for longer than its session.

    The link holds the bytes for that moment; the answer is there when the sender wakes. At most one acceptance, or
    `unknown`.
    """
    name = chance.choice([each for each in stack.owners if each.startswith("dispatcher-send")])
    stack.links.stall(name, "smtp")
    try:
        stack.until(
            "a conversation",
            lambda: any(link.client == name and link.held for link in _smtp(stack)),
            _STRUCK_WITHIN,
        )
    except AssertionError:
        stack.links.heal(name, "smtp")
        return f"{name}: no conversation"
    with stack.stopped(name):
        stack.links.heal(name, "smtp")
        stack.pause(_BEYOND)
    return f"{name} for {_BEYOND:.0f} s"


def rolling_restart(stack: Stack, chance: Random) -> str:
    """Every process of ours ended and started again, one after the other, in an order of chance.

    Each is asked to end, so nothing waits for a session to run out.
    """
    names = chance.sample(stack.services, len(stack.services))
    for name in names:
        stack.restart(name)
    return ", ".join(names)


def scale_out_and_in(stack: Stack, chance: Random) -> str:
    """1 → 3 → 1 of a process that owns partitions; they are shared out anew twice."""
    name = chance.choice([each for each in stack.owners if each.count("-") == 1])
    before = sum(each == name or each.startswith(f"{name}-") for each in stack.names)
    stack.scale(name, 3)
    stack.pause(chance.uniform(3.0, 8.0))
    stack.scale(name, 1)
    if before > 1:
        stack.scale(name, before)
    return name


def deploy_adds_input(stack: Stack, chance: Random) -> str:
    """A rolling deploy of a version that reads one topic more, after one that did not know it.

    What was on that topic meanwhile is folded when the new version comes; nothing is lost or counted twice.
    """
    name = chance.choice(sorted(set(_OLDER) & set(stack.names)))
    instances = [each for each in stack.names if each == name or each.startswith(f"{name}-")]
    for topics in ((_OLDER[name],), ()):
        for instance in instances:
            stack.orders.set_without(instance, topics)
            stack.restart(instance)
        stack.pause(chance.uniform(1.0, 3.0))
    return f"{name} with {_OLDER[name]}"


def clock_ahead(stack: Stack, chance: Random) -> str:
    """A service's clock an hour ahead for a while. Time is what the log says: nothing is decided by it."""
    return _clock(stack, chance, 3600)


def clock_behind(stack: Stack, chance: Random) -> str:
    """A service's clock an hour behind for a while. Time is what the log says: nothing is decided by it."""
    return _clock(stack, chance, -3600)


def fold_with_a_bug(stack: Stack, chance: Random) -> str:
    """Every fold of one process raises, until its fuse has blown and the process has stopped.

    What failed before that is in the quarantine with its reason, `ArithmeticError`, and can be retried; all else
    waits for a version without the bug. Nothing is lost, but not everything is folded: hence by hand only.
    """
    name = chance.choice(stack.loops)
    before = stack.process(name).restarts
    stack.orders.set_bug(name, present=True)
    try:
        stack.until("the fuse", lambda: stack.process(name).restarts > before, _STRUCK_WITHIN)
    finally:
        stack.orders.set_bug(name, present=False)
    return name


def _clock(stack: Stack, chance: Random, seconds: int) -> str:
    name = chance.choice(stack.services)
    stack.clock(name, seconds)
    try:
        stack.pause(chance.uniform(5.0, 10.0))
    finally:
        stack.clock(name, 0)
    return f"{name} by {seconds:+d} s"


def _smtp(stack: Stack) -> list[LinkState]:
    return [link for link in stack.links.open() if link.target == "smtp"]
