"""Kafka away, Kafka without a leader, and a node that only its clients can reach."""

from __future__ import annotations

from random import Random
from typing import Final

from tests.fault.actions.stack import Stack
from tests.fault.actions.topics import leaders

_NOTICED: Final = 8.0
"""A broker that is silent for 6 s is taken for dead: only then do its partitions get another leader."""


def kafka_down_and_back(stack: Stack, chance: Random) -> str:
    """The only broker killed, away for some seconds, and back.

    The collector answers 503 or lets its callers wait; nothing that it took is lost; all loops wait and go on.
    """
    down = chance.uniform(2.0, 8.0)
    stack.kill("kafka")
    stack.stop("kafka")
    stack.pause(down)
    stack.start("kafka")
    return f"for {down:.0f} s"


def kafka_leader_lost(stack: Stack, chance: Random) -> str:
    """`kill -9` of the broker that leads a partition of `profile.activity`, which others lead then.

    Two of three go on; what was acknowledged is on both.
    """
    led = leaders(stack, "profile.activity")
    partition = chance.choice(sorted(led))
    name = stack.nodes[led[partition] - 1]
    stack.kill(name)
    stack.stop(name)
    stack.pause(_NOTICED)
    stack.start(name)
    return f"{name}, the leader of partition {partition}"


def kafka_minority_cut(stack: Stack, chance: Random) -> str:
    """One node no longer hears the other two, nor they it, while every client still reaches all three.

    What the lonely node leads it may not acknowledge any more; the other two elect.
    """
    alone = chance.choice(stack.nodes)
    seconds = chance.uniform(_NOTICED, 2 * _NOTICED)
    others = [name for name in stack.nodes if name != alone]
    pairs = [pair for other in others for pair in ((alone, other), (other, alone))]
    for pair in pairs:
        stack.links.stall(*pair)
    try:
        stack.pause(seconds)
    finally:
        for pair in pairs:
            stack.links.heal(*pair)
    return f"{alone} for {seconds:.0f} s"
