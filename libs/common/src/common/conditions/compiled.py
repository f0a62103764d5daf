"""Text to a Python function."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from common.conditions.emitted import OPERATIONS, Emitted, function, truth
from common.conditions.emitter import Emitter
from common.conditions.errors import EvaluationError
from common.conditions.lexer import Place
from common.conditions.operations import FAILURES
from common.conditions.parser import parse
from common.conditions.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    Field,
    Type,
)

_PYTHON: dict[Type, type] = {
    BOOL: bool,
    INT: int,
    DOUBLE: float,
    STRING: str,
    TIMESTAMP: datetime,
    DURATION: timedelta,
}


class Expression:
    """A compiled expression; compare and cache by its text."""

    __slots__ = ("_expects", "_function", "_parameters", "text", "type")

    def __init__(
        self,
        text: str,
        type_: Type,
        function: Callable[..., Any],
        parameters: tuple[str, ...],
        expects: Type | None,
    ) -> None:
        self.text = text
        self.type = type_
        self._function = function
        self._parameters = parameters
        self._expects = None if expects is None else _PYTHON[expects]

    @property
    def roots_used(self) -> frozenset[str]:
        return frozenset(self._parameters)

    def evaluate(self, bindings: Mapping[str, object]) -> Any:
        """The value; roots that are not bound count as null.

        Raises:
            EvaluationError: there is none, such as that of a missing property.
        """
        try:
            value = self._function(*map(bindings.get, self._parameters))
        except FAILURES as error:
            raise EvaluationError(f"{self.text}: {type(error).__name__} {error}") from error
        if self._expects is not None and type(value) is not self._expects:
            raise EvaluationError(f"{self.text}: gives {type(value).__name__}")
        return value


class Condition(Expression):
    """A compiled expression that is true or false; where it has no value it is false."""

    __slots__ = ()

    def __call__(self, bindings: Mapping[str, object]) -> bool:
        try:
            return self._function(*map(bindings.get, self._parameters)) is True
        except FAILURES:
            return False


def compile_condition(text: str, roots: Mapping[str, Type | Field]) -> Condition:
    """Compile an expression that gives a bool.

    Raises:
        ConditionError: it does not parse, does not fit the types, or is too large.
    """
    emitted, parameters = _emitted(text, roots, BOOL)
    return Condition(text, BOOL, _function(truth(emitted), parameters), tuple(parameters), BOOL)


def compile_expression(
    text: str, roots: Mapping[str, Type | Field], expects: Type | None = None
) -> Expression:
    """Compile an expression of any type, or of the scalar type that is expected.

    Raises:
        ConditionError: it does not parse, does not fit the types, or is too large.
    """
    emitted, parameters = _emitted(text, roots, expects)
    compiled = _function(emitted.code, parameters)
    return Expression(text, emitted.type, compiled, tuple(parameters), expects)


def _emitted(
    text: str, roots: Mapping[str, Type | Field], expects: Type | None
) -> tuple[Emitted, dict[str, str]]:
    node = parse(text)
    fields = {n: root if isinstance(root, Field) else Field(root) for n, root in roots.items()}
    emitter = Emitter(fields)
    emitted = emitter.emit(node)
    if expects is not None and emitted.type not in {expects, DYN}:
        raise Place(1, 1).error(f"this must be a {expects.name}, but it is a {emitted.type.name}")
    return emitted, emitter.used


def _function(body: ast.expr, parameters: Mapping[str, str]) -> Callable[..., Any]:
    tree = ast.fix_missing_locations(ast.Expression(function(body, *parameters.values())))
    namespace = {"__builtins__": {}, **OPERATIONS}
    # The tree is made of constants, declared attributes and names that we numbered: no text is evaluated.
    compiled: Callable[..., Any] = eval(compile(tree, "<condition>", "eval"), namespace)  # noqa: S307
    return compiled
