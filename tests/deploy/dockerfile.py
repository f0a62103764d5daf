"""A Dockerfile as the tests read it: its stages, each a list of instructions."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Instruction:
    """One instruction, continuation lines joined."""

    word: str
    rest: str

    @property
    def arguments(self) -> list[str]:
        return shlex.split(self.rest)


def instructions(path: Path) -> list[Instruction]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    found = (line.split(maxsplit=1) for line in joined.splitlines() if line.strip())
    return [Instruction(word, rest) for word, rest in found]


def stages(path: Path) -> list[list[Instruction]]:
    """Each begins with its FROM."""
    found: list[list[Instruction]] = []
    for instruction in instructions(path):
        if instruction.word == "FROM":
            found.append([])
        found[-1].append(instruction)
    return found


def environment(stage: list[Instruction]) -> dict[str, str]:
    pairs = [word for i in stage if i.word == "ENV" for word in i.arguments]
    return dict(pair.split("=", 1) for pair in pairs)
