"""Python syntax for a part of an expression, with what is known about its value."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from common.conditions import operations
from common.conditions.types import BOOL, DYN, Type

OPERATIONS: Mapping[str, object] = {
    name: value
    for name, value in vars(operations).items()
    if getattr(value, "__module__", "") == operations.__name__ and not name.startswith("_")
}
"""All that compiled code can reach."""


@dataclass(frozen=True, slots=True)
class Emitted:
    """Code, the type of its value, and whether there may be none."""

    code: ast.expr
    type: Type
    nullable: bool = False
    fails: bool = False
    """Evaluating may find no value; then `&&` and `||` around it must absorb that."""

    @property
    def risky(self) -> bool:
        """Whether an operator that needs a value may fail on it."""
        return self.fails or self.nullable or self.type == DYN


def name(text: str) -> ast.Name:
    return ast.Name(id=text, ctx=ast.Load())


def call(operation: str, *arguments: ast.expr) -> ast.Call:
    """A call of one of ours; the name is never the user's."""
    if operation not in OPERATIONS:
        raise KeyError(operation)
    return ast.Call(func=name(operation), args=list(arguments), keywords=[])


def function(body: ast.expr, *parameters: str) -> ast.Lambda:
    arguments = [ast.arg(arg=parameter) for parameter in parameters]
    return ast.Lambda(
        args=ast.arguments(
            posonlyargs=[], args=arguments, kwonlyargs=[], kw_defaults=[], defaults=[]
        ),
        body=body,
    )


def truth(emitted: Emitted) -> ast.expr:
    """The code as a bool, checked where that is not certain."""
    certain = emitted.type == BOOL and not emitted.nullable
    return emitted.code if certain else call("truth", emitted.code)
