"""A journey's steps in one row: blocks inside steps stand behind them, and each step knows what follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.documents import Finding, Value
from orchestrator.domain.steps import Node, Step


@dataclass(frozen=True, slots=True)
class Placed:
    """A step in its place."""

    id: str
    """What the playbook calls it, else the path to it, such as `2.then.0`; the same in every version that keeps it."""
    step: Step
    following: int
    """The place that follows; the program's length is its end."""
    written: Value
    """Where the playbook says it."""
    ways: tuple[str, ...] = ()
    """The names of the blocks inside the step."""
    blocks: tuple[int, ...] = ()
    """Where each block inside the step begins; of an empty one, what follows the step."""

    @property
    def said(self) -> str:
        """How records name it: its id and its kind, such as `0:wait`."""
        return f"{self.id}:{self.step.KIND}"

    def finding(self, message: str) -> Finding:
        """Something that is wrong with this step, in its place."""
        return self.written.finding(message)


def program_of(nodes: Sequence[Node]) -> tuple[Placed, ...]:
    """The steps in the order in which they are written; without blocks a step's place is its number."""
    return tuple(_placed(nodes, 0, _length(nodes)))


def _placed(nodes: Sequence[Node], first: int, after: int) -> list[Placed]:
    """The nodes from place `first` on; behind the last it goes on at `after`."""
    placed: list[Placed] = []
    for number, node in enumerate(nodes):
        place = first + len(placed)
        last = number + 1 == len(nodes)
        following = after if last else place + _length([node])
        inside: list[Placed] = []
        blocks = []
        for block in node.blocks:
            begins = place + 1 + len(inside)
            blocks.append(begins if block.nodes else following)
            inside += _placed(block.nodes, begins, following)
        ways = tuple(block.name for block in node.blocks)
        placed += [Placed(node.id, node.step, following, node.value, ways, tuple(blocks)), *inside]
    return placed


def _length(nodes: Sequence[Node]) -> int:
    return sum(1 + sum(_length(block.nodes) for block in node.blocks) for node in nodes)
