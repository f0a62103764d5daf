"""Which faults fall into a run, in which order, drawn from the run's seed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Final

from tests.fault.actions import ACTIONS, JOB_STEPS, STEPS, Action, Stack, Step, fitting
from tests.fault.runs.running import Fault

Script = Callable[[Stack, Random], Iterator[Fault]]
PATIENCE: Final = 12.0
"""Seconds to wait for processes to come to the step where they shall be struck."""
_BETWEEN: Final = ("link_cut", "link_silent", "link_delayed", "smtp_cut", "connections_cut")
"""Faults of what lies between the processes: they may fall together with those of a process."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A run with its faults, on a stack of its own."""

    name: str
    share: float
    """Of all events."""
    script: Script
    kafka_nodes: int = 1
    scale: Mapping[str, int] = field(default_factory=dict)
    small_disk: int | None = None
    until_sent: bool = False


def chance_of(*parts: object) -> Random:
    """The same parts give the same faults."""
    return Random("/".join(str(part) for part in parts))  # noqa: S311 - no secret


def alone(stack: Stack, chance: Random) -> Iterator[Fault]:
    """Every fault that this stack can have, one after the other, each after the stack has recovered."""
    for action in chance.sample(fitting(stack), len(fitting(stack))):
        yield _recovered(stack, chance, action)


def mixed(stack: Stack, chance: Random) -> Iterator[Fault]:
    """Two at once, again and again, and no time to recover."""
    names = {action.name: action for action in fitting(stack)}
    between = [names[name] for name in _BETWEEN if name in names]
    others = [action for name, action in sorted(names.items()) if name not in _BETWEEN]
    while True:
        yield _together(stack, chance, [chance.choice(others), chance.choice(between)])


def at_each_step(stack: Stack, chance: Random) -> Iterator[Fault]:
    """`kill -9` of every owner behind every step of its loop."""
    for step in STEPS:
        yield _struck(stack, chance, step)


def only(*names: str) -> Script:
    """These, in this order."""

    def script(stack: Stack, chance: Random) -> Iterator[Fault]:
        for name in names:
            if ACTIONS[name].fits(stack):
                yield _recovered(stack, chance, ACTIONS[name])

    return script


def _recovered(stack: Stack, chance: Random, action: Action) -> Fault:
    own = chance_of(action.name, chance.random())

    def fault() -> str:
        happened = action(stack, own)
        stack.until_ready()
        stack.pause(own.uniform(1.0, 3.0))
        return f"{happened.action}: {happened.what}"

    return fault


def _together(stack: Stack, chance: Random, actions: Sequence[Action]) -> Fault:
    chances = [chance_of(action.name, chance.random()) for action in actions]

    def fault() -> str:
        with ThreadPoolExecutor(len(actions)) as pool:
            both = zip(actions, chances, strict=True)
            done = [pool.submit(action, stack, own) for action, own in both]
            told = [each.result() for each in done]
        stack.until_ready()
        return " with ".join(f"{happened.action}: {happened.what}" for happened in told)

    return fault


def _struck(stack: Stack, chance: Random, step: Step) -> Fault:
    # A sender comes by only when there is a mail to be sent.
    crossings = {name: chance.randint(1, 8) for name in stack.loops}

    def fault() -> str:
        armed = [name for name in stack.owners if name in stack.loops or step in JOB_STEPS]
        for name in armed:
            stack.arm(name, step, crossings.get(name, 1))
        missed = _not_struck(stack, armed)
        stack.until_ready()
        return f"kill at {step}: {', '.join(sorted(set(armed) - missed))}"

    return fault


def _not_struck(stack: Stack, armed: Collection[str]) -> set[str]:
    """Those that did not come to the step in time; they are let go."""

    def left() -> set[str]:
        return {name for name in armed if stack.orders.armed(name)}

    with suppress(AssertionError):
        stack.until("all are struck", lambda: not left(), PATIENCE)
    missed = left()
    for name in missed:
        stack.orders.disarm(name)
    return missed


TWO_OF_EACH: Final = {
    "ingest-resolve": 2,
    "scoring-consume": 2,
    "orchestrator-consume": 2,
    "dispatcher-consume": 2,
    "dispatcher-send": 2,
}
_OF_THREE_NODES: Final = (
    "kafka_leader_lost",
    "kafka_minority_cut",
    "kill_at_random",
    "kafka_leader_lost",
    "link_cut",
    "kafka_minority_cut",
)
SCENARIOS: Final = (
    Scenario("alone", 0.44, alone),
    Scenario("at_each_step", 0.24, at_each_step),
    Scenario("mixed", 0.09, mixed, scale=TWO_OF_EACH, until_sent=True),
    Scenario("three_nodes", 0.12, only(*_OF_THREE_NODES), kafka_nodes=3),
    Scenario("full_disk", 0.11, only("disk_full", "kill_at_random"), small_disk=2 << 30),
)
