"""Python syntax for a part of an expression, with what is known about its value."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from common.conditions.lexer import Place
from common.conditions.operations import OPERATIONS
from common.conditions.types import BOOL, DYN, Type


@dataclass(frozen=True, slots=True)
class Emitted:
    """Code, the type of its value, and whether there may be none."""

    code: ast.expr
    type: Type
    nullable: bool = False
    promised: bool = False
    """Though it is nullable, a condition need not say what holds without it."""
    fails: bool = False
    """Evaluating may find no value; then `&&` and `||` around it must absorb that."""
    path: str = ""
    """How the field is written, for messages; a root's and a macro's variable have one, too."""
    test: ast.expr | None = None
    """Quicker code that is true exactly when the value is; else it may be false or fail."""

    @property
    def risky(self) -> bool:
        """Whether an operator that needs a value may fail on it."""
        return self.fails or self.nullable or self.type == DYN

    def present(self, place: Place) -> Emitted:
        """Itself, where a value is certain or may turn out missing; what is known to be optional is refused.

        Raises:
            ConditionError: the field may be missing, and the condition does not say what then.
        """
        if not self.nullable or self.promised:
            return self
        if not self.path:
            raise place.error("this may be null, and a value is needed")
        if "." not in self.path:
            raise place.error(f"`{self.path}` may be missing; write `{self.path} != null && …`")
        raise place.error(
            f"`{self.path}` may be missing; write `has({self.path}) && …`,"
            f" or give a default: `has({self.path}) ? {self.path} : …`"
        )


def name(text: str) -> ast.Name:
    return ast.Name(id=text, ctx=ast.Load())


def call(operation: str, *arguments: ast.expr) -> ast.Call:
    """A call of one of ours; the name is never the user's."""
    if operation not in OPERATIONS:
        raise KeyError(operation)
    return ast.Call(func=name(operation), args=list(arguments), keywords=[])


def function(body: ast.expr, *parameters: str) -> ast.Lambda:
    return ast.Lambda(args=arguments(*parameters), body=body)


def arguments(*names: str) -> ast.arguments:
    return ast.arguments(
        posonlyargs=[],
        args=[ast.arg(arg=one) for one in names],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )


def truth(emitted: Emitted) -> ast.expr:
    """The code as a bool, checked where that is not certain."""
    certain = emitted.type == BOOL and not emitted.nullable
    return emitted.code if certain else call("truth", emitted.code)


def holding(emitted: Emitted) -> ast.expr:
    """Code that is true exactly when the value is true, for where nothing else is asked of it."""
    return truth(emitted) if emitted.test is None else emitted.test
