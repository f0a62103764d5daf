"""Syntax to Python: types are checked on the way, and no name of the user's becomes one of Python's."""

from __future__ import annotations

import ast

from common.conditions import access, functions, macros, operators
from common.conditions.emitted import Emitted, call, function, holding, truth
from common.conditions.errors import ConditionError
from common.conditions.macros import need_bool
from common.conditions.narrowing import NOTHING, present_where
from common.conditions.scope import Scope
from common.conditions.suggestions import unknown
from common.conditions.syntax import (
    Binary,
    Call,
    Choice,
    Index,
    Listed,
    Literal,
    Logic,
    Mapped,
    Name,
    Node,
    Select,
    Unary,
)
from common.conditions.types import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    NULL,
    STRING,
    ListOf,
    MapOf,
    Type,
    joined,
)

_LITERALS: dict[type, Type] = {
    bool: BOOL,
    int: INT,
    float: DOUBLE,
    str: STRING,
    type(None): NULL,
}
_KEYS = (STRING, INT, BOOL, DYN)


class Emitter:
    """Emits one expression; `scope` then says which roots and constants its code needs."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def emit(self, node: Node) -> Emitted:
        match node:
            case Literal():
                return Emitted(ast.Constant(node.value), _LITERALS[type(node.value)])
            case Name():
                return access.named(node, self._scope)
            case Select():
                return access.selected(node, self.emit, self._scope)
            case Index():
                return access.indexed(node, self.emit, self._scope)
            case Call():
                return self._call(node)
            case _:
                return self._composed(node)

    def _composed(self, node: Node) -> Emitted:
        match node:
            case Unary():
                return operators.unary(node.operator, self.emit(node.operand), node.place)
            case Binary():
                return self._binary(node)
            case Logic():
                return self._logic(node)
            case Choice():
                return self._choice(node)
            case Listed():
                return self._listed(node)
            case Mapped():
                return self._mapped(node)
            case _:
                raise TypeError(type(node).__name__)

    def _binary(self, node: Binary) -> Emitted:
        left, right = self.emit(node.left), self.emit(node.right)
        # Null equals nothing but null and lies in no list; all else needs a value.
        if node.operator not in {"==", "!="}:
            right.present(node.right.place)
            if node.operator != "in":
                left.present(node.left.place)
        return operators.binary(node.operator, left, right, node.place)

    def _logic(self, node: Logic) -> Emitted:
        operands, known = [], NOTHING
        for syntax in node.operands:
            # What stands on the right is asked only where the left did not decide.
            with self._scope.knowing(known):
                operand = self.emit(syntax)
            need_bool(operand, f"`{node.operator}` needs bools", syntax.place)
            known |= present_where(syntax, holds=node.operator == "&&")
            operands.append(operand)
        risky = any(operand.risky for operand in operands)
        return Emitted(_exactly(node, operands), BOOL, fails=risky, test=_test(node, operands))

    def _choice(self, node: Choice) -> Emitted:
        condition = self.emit(node.condition)
        need_bool(condition, "before `?` stands a bool", node.condition.place)
        with self._scope.knowing(present_where(node.condition, holds=True)):
            yes = self.emit(node.yes)
        with self._scope.knowing(present_where(node.condition, holds=False)):
            no = self.emit(node.no)
        type_ = joined(yes.type, no.type)
        if type_ is None:
            raise node.place.error(
                f"the branches are of different types: {yes.type.name} and {no.type.name}"
            )
        return Emitted(
            ast.IfExp(test=truth(condition), body=yes.code, orelse=no.code),
            type_,
            nullable=yes.nullable or no.nullable or NULL in {yes.type, no.type},
            promised=self._scope.lenient,
            fails=condition.risky or yes.fails or no.fails,
        )

    def _listed(self, node: Listed) -> Emitted:
        elements = [self.emit(element) for element in node.elements]
        code = ast.Tuple(elts=[element.code for element in elements], ctx=ast.Load())
        return Emitted(code, ListOf(_common(elements)), fails=any(one.fails for one in elements))

    def _mapped(self, node: Mapped) -> Emitted:
        keys = [self.emit(key) for key, _ in node.entries]
        values = [self.emit(value) for _, value in node.entries]
        for key, (syntax, _) in zip(keys, node.entries, strict=True):
            if key.type not in _KEYS:
                raise syntax.place.error(
                    f"a key is text, a whole number or a bool, not {key.type.name}"
                )
            key.present(syntax.place)
        entries = (
            ast.Tuple(elts=[key.code, value.code], ctx=ast.Load())
            for key, value in zip(keys, values, strict=True)
        )
        type_ = MapOf(_common(values), _common(keys))
        return Emitted(call("assembled", *entries), type_, fails=bool(keys))

    def _call(self, node: Call) -> Emitted:
        if node.operand is None and node.function == "has":
            return access.has(node, self.emit, self._scope)
        if node.operand is not None and node.function in macros.MACROS:
            return macros.expanded(node, node.operand, self.emit, self._scope)
        table = functions.FUNCTIONS if node.operand is None else functions.METHODS
        found = table.get(node.function)
        if found is None:
            raise _no_function(node, [*table])
        _check_number(node, found)
        first = () if node.operand is None else (node.operand,)
        arguments = [(self.emit(one), one.place) for one in (*first, *node.arguments)]
        return functions.called(node.function, found, arguments, node.place, self._scope)


def _exactly(node: Logic, operands: list[Emitted]) -> ast.expr:
    """The value, or a failure where there is none."""
    # Python's own operator means the same while only the last operand may fail.
    if not any(operand.risky for operand in operands[:-1]):
        return ast.BoolOp(op=_operator(node), values=[truth(one) for one in operands])
    absorbing = "conjunction" if node.operator == "&&" else "disjunction"
    return call(absorbing, *(function(operand.code) for operand in operands))


def _test(node: Logic, operands: list[Emitted]) -> ast.expr:
    """Whether the value is true: where it is false or there is none, the outcome is the same.

    So in a conjunction nothing needs to be absorbed, and in a disjunction only the failures before the last.
    """
    codes = [holding(operand) for operand in operands]
    if node.operator == "||":
        *before, last = zip(operands, codes, strict=True)
        codes = [
            *(call("attempted", function(code)) if one.risky else code for one, code in before),
            last[1],
        ]
    return ast.BoolOp(op=_operator(node), values=codes)


def _operator(node: Logic) -> ast.boolop:
    return ast.And() if node.operator == "&&" else ast.Or()


def _common(elements: list[Emitted]) -> Type:
    """The type of all of them, dynamic where they differ."""
    type_: Type | None = elements[0].type if elements else DYN
    for element in elements[1:]:
        type_ = joined(type_, element.type) if type_ is not None else None
    if type_ is None or any(element.nullable for element in elements):
        return DYN
    return DYN if any(element.type == NULL for element in elements) else type_


def _check_number(node: Call, function: functions.Function) -> None:
    most = len(function.takes) - (node.operand is not None)
    least = most - function.optional
    if least <= len(node.arguments) <= most:
        return
    wanted = f"{least} or {most}" if least < most else str(most)
    raise node.place.error(
        f"`{node.function}` takes {wanted} argument{'s' * (most != 1)}, not {len(node.arguments)}"
    )


def _no_function(node: Call, table: list[str]) -> ConditionError:
    if node.function in functions.OUT:
        return node.place.error(f"`{node.function}`: {functions.OUT[node.function]}")
    what = "function" if node.operand is None else "method"
    names = [*table, *(macros.MACROS if node.operand is not None else ("has",))]
    return unknown(node.place, what, node.function, names)
