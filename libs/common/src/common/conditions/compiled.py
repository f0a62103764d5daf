"""Text to a Python function."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from common.conditions.emitted import Emitted, arguments, holding, name, truth
from common.conditions.emitter import Emitter
from common.conditions.errors import EvaluationError
from common.conditions.operations import FAILURES, OPERATIONS
from common.conditions.parser import parse
from common.conditions.reading import Reads, reads_of
from common.conditions.scope import Scope
from common.conditions.syntax import Node
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

Roots = Mapping[str, Type | Field]
_PYTHON: dict[Type, type] = {
    BOOL: bool,
    INT: int,
    DOUBLE: float,
    STRING: str,
    TIMESTAMP: datetime,
    DURATION: timedelta,
}
_BINDINGS, _FAILURES, _GET = "bindings", "failures", "get"
"""Names in the code; those of the user's are constants there."""


class Expression:
    """A compiled expression; compare and cache by its text."""

    __slots__ = ("_expects", "_value", "reads", "text", "type")

    def __init__(
        self,
        text: str,
        type_: Type,
        value: Callable[[Mapping[str, object]], Any],
        reads: Reads,
        expects: Type | None,
    ) -> None:
        self.text = text
        self.type = type_
        self.reads = reads
        self._value = value
        self._expects = None if expects is None else _PYTHON[expects]

    @property
    def roots_used(self) -> frozenset[str]:
        return self.reads.roots

    def evaluate(self, bindings: Mapping[str, object]) -> Any:
        """The value; roots that are not bound count as null.

        Raises:
            EvaluationError: there is none, such as that of a missing property.
        """
        try:
            value = self._value(bindings)
        except FAILURES as error:
            raise EvaluationError(f"{self.text}: {type(error).__name__} {error}") from error
        if self._expects is not None and type(value) is not self._expects:
            raise EvaluationError(f"{self.text}: gives {type(value).__name__}")
        return value


class Condition(Expression):
    """A compiled expression that is true or false; where it has no value it is false.

    `evaluate` tells the two kinds of false apart, and says why there is no value.
    """

    __slots__ = ("_holds",)

    def __init__(
        self,
        text: str,
        value: Callable[[Mapping[str, object]], Any],
        holds: Callable[[Mapping[str, object]], bool],
        reads: Reads,
    ) -> None:
        super().__init__(text, BOOL, value, reads, BOOL)
        self._holds = holds

    def __call__(self, bindings: Mapping[str, object]) -> bool:
        return self._holds(bindings)


def compile_condition(text: str, roots: Roots, *, lenient: bool = False) -> Condition:
    """Compile an expression that gives a bool.

    `lenient` is for what was checked and published before: what may be missing is then no mistake.

    Raises:
        ConditionError: it does not parse, does not fit the types, may lack a value, or is too large.
    """
    node = parse(text)
    emitted, scope = _emitted(node, roots, BOOL, lenient=lenient)
    emitted.present(node.place)
    value = _function([ast.Return(truth(emitted))], scope)
    return Condition(text, value, _function(_whether(holding(emitted)), scope), reads_of(node))


def compile_expression(
    text: str, roots: Roots, expects: Type | None = None, *, lenient: bool = False
) -> Expression:
    """Compile an expression of any type, or of the scalar type that is expected.

    Raises:
        ConditionError: it does not parse, does not fit the types, or is too large.
    """
    node = parse(text)
    emitted, scope = _emitted(node, roots, expects, lenient=lenient)
    value = _function([ast.Return(emitted.code)], scope)
    return Expression(text, emitted.type, value, reads_of(node), expects)


def required_fields(condition: Expression) -> Reads:
    """The fields that it reads and the activities for which it can be true."""
    return condition.reads


def _emitted(
    node: Node, roots: Roots, expects: Type | None, *, lenient: bool
) -> tuple[Emitted, Scope]:
    fields = {n: root if isinstance(root, Field) else Field(root) for n, root in roots.items()}
    scope = Scope(fields, lenient=lenient)
    emitted = Emitter(scope).emit(node)
    if expects is not None and emitted.type not in {expects, DYN}:
        raise node.place.error(f"this must be a {expects.name}, but it is a {emitted.type.name}")
    return emitted, scope


def _whether(test: ast.expr) -> list[ast.stmt]:
    """`try: return <test> is True`, and false where that fails: without a failure the try costs nothing."""
    true = ast.Compare(left=test, ops=[ast.Is()], comparators=[ast.Constant(value=True)])
    failed = ast.ExceptHandler(
        type=name(_FAILURES), name=None, body=[ast.Return(ast.Constant(value=False))]
    )
    return [ast.Try(body=[ast.Return(true)], handlers=[failed], orelse=[], finalbody=[])]


def _function(body: list[ast.stmt], scope: Scope) -> Callable[[Mapping[str, object]], Any]:
    """A function of the bindings: each root that is read becomes a local name first."""
    read: list[ast.stmt] = [
        ast.Assign(
            targets=[ast.Name(id=python, ctx=ast.Store())],
            value=ast.Call(
                func=ast.Attribute(value=name(_BINDINGS), attr=_GET, ctx=ast.Load()),
                args=[ast.Constant(root)],
                keywords=[],
            ),
        )
        for root, python in scope.used.items()
    ]
    defined = ast.FunctionDef(
        name="evaluated", args=arguments(_BINDINGS), body=[*read, *body], decorator_list=[]
    )
    tree = ast.fix_missing_locations(ast.Module(body=[defined], type_ignores=[]))
    namespace: dict[str, Any] = {
        "__builtins__": {},
        _FAILURES: FAILURES,
        **OPERATIONS,
        **scope.constants,
    }
    # The tree is made of constants, declared attributes and names that we numbered: no text is evaluated.
    exec(compile(tree, "<condition>", "exec"), namespace)  # noqa: S102
    compiled: Callable[[Mapping[str, object]], Any] = namespace["evaluated"]
    return compiled
