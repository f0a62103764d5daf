"""A fault with a name: what a stack must have for it, and what is told of it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Final, Literal

from common.clock import utc_now
from tests.fault.actions.stack import Stack
from tests.fault.inside.libfaketime import library

Need = Literal["one_node", "three_nodes", "small_disk", "faketime"]

_MET: Final[dict[Need, Callable[[Stack], bool]]] = {
    "one_node": lambda stack: stack.kafka_nodes == 1,
    "three_nodes": lambda stack: stack.kafka_nodes == 3,
    "small_disk": lambda stack: stack.disk is not None,
    "faketime": lambda _: library() is not None,
}


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the report."""

    action: str
    what: str
    began: datetime
    ended: datetime


@dataclass(frozen=True, slots=True)
class Action:
    """`run` lets the fault happen, of which chance decides the rest, and says what it was.

    It returns when the fault is over. The stack may still be recovering then; nothing it promises may be broken.
    """

    name: str
    run: Callable[[Stack, Random], str]
    needs: frozenset[Need] = frozenset()

    def __call__(self, stack: Stack, chance: Random) -> Happened:
        """Let it happen."""
        began = utc_now()
        what = self.run(stack, chance)
        return Happened(self.name, what, began, utc_now())

    def fits(self, stack: Stack) -> bool:
        """True when the stack has what it needs."""
        return all(_MET[need](stack) for need in self.needs)


def named(*functions: Callable[[Stack, Random], str], needs: tuple[Need, ...] = ()) -> list[Action]:
    """Each under its own name."""
    return [Action(function.__name__, function, frozenset(needs)) for function in functions]
