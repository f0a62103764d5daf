"""The network between a service and what it uses: broken, slow, or broken in the middle of a mail."""

from __future__ import annotations

from random import Random

from cuestream.stack.proxy import Delay, Fault
from tests.fault.actions.stack import Stack


def link_cut(stack: Stack, chance: Random) -> str:
    """Between one service and one thing it uses: connections reset, and refused, for some seconds."""
    client, target = _link(stack, chance)
    seconds = chance.uniform(0.5, 5.0)
    with stack.links.suffering(client, target, Fault(cut=True)):
        stack.pause(seconds)
    return f"{client} and {target} for {seconds:.1f} s"


def link_silent(stack: Stack, chance: Random) -> str:
    """Between one service and one thing it uses: nothing arrives for some seconds, and nobody is told."""
    client, target = _link(stack, chance)
    seconds = chance.uniform(1.0, 12.0)
    with stack.links.suffering(client, target, Fault(stall=True)):
        stack.pause(seconds)
    return f"{client} and {target} for {seconds:.1f} s"


def link_delayed(stack: Stack, chance: Random) -> str:
    """Between one service and one thing it uses: every byte late by up to 0.3 s, each way by another time."""
    client, target = _link(stack, chance)
    delay = Delay(chance.uniform(0.0, 0.3), chance.uniform(0.0, 0.3))
    with stack.links.suffering(client, target, Fault(delay=delay)):
        stack.pause(chance.uniform(3.0, 8.0))
    return f"{client} and {target} by {delay.there:.2f} and {delay.back:.2f} s"


def smtp_cut(stack: Stack, chance: Random) -> str:
    """Every SMTP conversation reset where it is, several times: at most one acceptance each, or `unknown`."""
    times = chance.randint(2, 6)
    for _ in range(times):
        stack.links.reset("*", "smtp")
        stack.pause(chance.uniform(0.1, 0.8))
    return f"{times} times"


def _link(stack: Stack, chance: Random) -> tuple[str, str]:
    """Of one that is there: a link without a connection would not notice."""
    links = [
        (link.client, link.target) for link in stack.links.open() if link.client in stack.services
    ]
    return chance.choice(sorted(links))
