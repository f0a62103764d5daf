"""What an expression may name where it stands, and what its code needs from outside."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from common.conditions.emitted import name
from common.conditions.narrowing import NOTHING, Paths
from common.conditions.types import Field, Type

MAX_NESTED_MACROS = 2


class Scope:
    """The declared roots, the macros' variables, and what is known to be present."""

    def __init__(self, roots: Mapping[str, Field], *, lenient: bool = False) -> None:
        self.roots = roots
        self.lenient = lenient
        """Whether what may be missing is read without a word about it."""
        self.variables: Mapping[str, tuple[str, Type]] = {}
        self.present: Paths = NOTHING
        self.used: dict[str, str] = {}
        """The roots that are read, each with its name in the code."""
        self.constants: dict[str, object] = {}
        """What was made beforehand, such as durations and patterns."""
        self.macros = 0
        self._made = 0

    def constant(self, value: object) -> ast.expr:
        """Code for a value that has no literal."""
        if value is None or isinstance(value, bool | int | float | str):
            return ast.Constant(value)
        written = f"k{len(self.constants)}"
        self.constants[written] = value
        return name(written)

    @contextmanager
    def knowing(self, paths: Paths) -> Iterator[None]:
        """In here these have a value."""
        before, self.present = self.present, self.present | paths
        yield
        self.present = before

    @contextmanager
    def naming(self, variable: str, type_: Type) -> Iterator[str]:
        """In here a macro's variable hides what else has its name."""
        self._made += 1
        python = f"v{self._made}"
        before = self.variables, self.present
        self.variables = {**self.variables, variable: (python, type_)}
        hidden = (variable, f"{variable}.")
        self.present = frozenset(
            path for path in self.present if path != hidden[0] and not path.startswith(hidden[1])
        )
        self.macros += 1
        yield python
        self.macros -= 1
        self.variables, self.present = before
