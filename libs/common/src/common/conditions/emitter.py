"""Syntax to Python: types are checked on the way, and no name of the user's becomes one of Python's."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Mapping

from common.conditions import functions, operators
from common.conditions.emitted import Emitted, call, function, name, truth
from common.conditions.errors import ConditionError
from common.conditions.lexer import Place
from common.conditions.syntax import (
    Binary,
    Call,
    Choice,
    Index,
    Listed,
    Literal,
    Logic,
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
    Field,
    ListOf,
    MapOf,
    ObjectOf,
    Type,
    joined,
)

MAX_NESTED_MACROS = 2
_LITERALS: dict[type, Type] = {
    bool: BOOL,
    int: INT,
    float: DOUBLE,
    str: STRING,
    type(None): NULL,
}


class Emitter:
    """Emits one expression; `used` then holds the roots it reads, in the order of the parameters."""

    def __init__(self, roots: Mapping[str, Field]) -> None:
        self._roots = roots
        self._variables: dict[str, tuple[str, Type]] = {}
        self._macros = 0
        self._made = 0
        self.used: dict[str, str] = {}

    def emit(self, node: Node) -> Emitted:
        match node:
            case Literal():
                return Emitted(ast.Constant(node.value), _LITERALS[type(node.value)])
            case Name():
                return self._name(node)
            case Select():
                return self._select(node)
            case Index():
                return self._index(node)
            case Unary():
                return operators.unary(node.operator, self.emit(node.operand), node.place)
            case Binary():
                left, right = self.emit(node.left), self.emit(node.right)
                return operators.binary(node.operator, left, right, node.place)
            case _:
                return self._composed(node)

    def _composed(self, node: Node) -> Emitted:
        match node:
            case Logic():
                return self._logic(node)
            case Choice():
                return self._choice(node)
            case Listed():
                return self._listed(node)
            case Call():
                return self._call(node)
            case _:
                raise TypeError(type(node).__name__)

    def _name(self, node: Name) -> Emitted:
        if node.name in self._variables:
            python, type_ = self._variables[node.name]
            return Emitted(name(python), type_)
        root = self._roots.get(node.name)
        if root is None:
            known = [*self._variables, *self._roots]
            raise _unknown(node.place, "name", node.name, known)
        python = self.used.setdefault(node.name, f"r{len(self.used)}")
        return Emitted(name(python), root.type, nullable=root.nullable)

    def _select(self, node: Select) -> Emitted:
        operand = self.emit(node.operand)
        if isinstance(operand.type, ObjectOf):
            field = _field(operand.type, node)
            code = ast.Attribute(
                value=operand.code, attr=field.attribute or node.field, ctx=ast.Load()
            )
            fails = operand.fails or operand.nullable
            return Emitted(code, field.type, nullable=field.nullable, fails=fails)
        value = _value(operand.type)
        if value is None:
            raise node.place.error(f"{operand.type.name} has no fields")
        return Emitted(call("item", operand.code, ast.Constant(node.field)), value, fails=True)

    def _index(self, node: Index) -> Emitted:
        operand, index = self.emit(node.operand), self.emit(node.index)
        if isinstance(operand.type, ListOf):
            wanted, value = INT, operand.type.element
        elif (found := _value(operand.type)) is not None:
            wanted, value = (DYN if operand.type == DYN else STRING), found
        else:
            raise node.place.error(f"{operand.type.name} has no elements")
        if index.type not in {wanted, DYN} and wanted != DYN:
            raise node.place.error(
                f"{operand.type.name} is indexed by {wanted.name}, not {index.type.name}"
            )
        return Emitted(call("item", operand.code, index.code), value, fails=True)

    def _logic(self, node: Logic) -> Emitted:
        operands = [self.emit(operand) for operand in node.operands]
        for operand, syntax in zip(operands, node.operands, strict=True):
            _need_bool(operand, f"`{node.operator}` needs bools", syntax.place)
        # Python's own operator means the same while only the last operand may fail.
        if not any(operand.risky for operand in operands[:-1]):
            operation: ast.boolop = ast.And() if node.operator == "&&" else ast.Or()
            code: ast.expr = ast.BoolOp(op=operation, values=[truth(o) for o in operands])
            return Emitted(code, BOOL, fails=operands[-1].risky)
        absorbing = "conjunction" if node.operator == "&&" else "disjunction"
        code = call(absorbing, *(function(operand.code) for operand in operands))
        return Emitted(code, BOOL, fails=True)

    def _choice(self, node: Choice) -> Emitted:
        condition, yes, no = self.emit(node.condition), self.emit(node.yes), self.emit(node.no)
        _need_bool(condition, "before `?` stands a bool", node.condition.place)
        type_ = joined(yes.type, no.type)
        if type_ is None:
            raise node.place.error(
                f"the branches are of different types: {yes.type.name} and {no.type.name}"
            )
        return Emitted(
            ast.IfExp(test=truth(condition), body=yes.code, orelse=no.code),
            type_,
            nullable=yes.nullable or no.nullable or NULL in {yes.type, no.type},
            fails=condition.risky or yes.fails or no.fails,
        )

    def _listed(self, node: Listed) -> Emitted:
        elements = [self.emit(element) for element in node.elements]
        type_: Type | None = elements[0].type if elements else DYN
        for element in elements[1:]:
            type_ = joined(type_, element.type) if type_ is not None else None
        if any(element.nullable for element in elements) or type_ is None:
            type_ = DYN
        code = ast.Tuple(elts=[element.code for element in elements], ctx=ast.Load())
        return Emitted(code, ListOf(type_), fails=any(element.fails for element in elements))

    def _call(self, node: Call) -> Emitted:
        if node.operand is None and node.function == "has":
            return self._has(node)
        if node.operand is not None and node.function in functions.MACROS:
            return self._macro(node, node.operand)
        table = functions.FUNCTIONS if node.operand is None else functions.METHODS
        found = table.get(node.function)
        if found is None:
            raise _no_function(node, table)
        first = () if node.operand is None else (node.operand,)
        arguments = [self.emit(argument) for argument in (*first, *node.arguments)]
        method = node.operand is not None
        return functions.called(node.function, found, arguments, node.place, method=method)

    def _has(self, node: Call) -> Emitted:
        if len(node.arguments) != 1 or not isinstance(node.arguments[0], Select):
            raise node.place.error("`has` takes one field, such as has(event.properties.price)")
        select = node.arguments[0]
        operand = self.emit(select.operand)
        if _value(operand.type) is not None:
            return Emitted(
                call("holds", operand.code, ast.Constant(select.field)), BOOL, fails=operand.risky
            )
        present = ast.Compare(
            left=self._select(select).code, ops=[ast.IsNot()], comparators=[ast.Constant(None)]
        )
        return Emitted(present, BOOL, fails=operand.risky)

    def _macro(self, node: Call, operand: Node) -> Emitted:
        if len(node.arguments) != 2 or not isinstance(node.arguments[0], Name):
            raise node.place.error(
                f"`{node.function}` takes a name and a condition, such as items.{node.function}(i, i.quantity > 1)"
            )
        elements = self.emit(operand)
        element = elements.type.element if isinstance(elements.type, ListOf) else STRING
        if elements.type == DYN:
            element = DYN
        elif not isinstance(elements.type, ListOf | MapOf):
            raise node.place.error(f"`{node.function}` is not defined for {elements.type.name}")
        variable = node.arguments[0].name
        test = self._tested(node, variable, element)
        code = call(functions.MACROS[node.function], elements.code, test)
        return Emitted(code, BOOL, fails=True)

    def _tested(self, node: Call, variable: str, element: Type) -> ast.Lambda:
        """The macro's condition as a function of one element."""
        if self._macros == MAX_NESTED_MACROS:
            # Each level multiplies the work by the length of a list.
            raise node.place.error(f"more than {MAX_NESTED_MACROS} `exists`/`all` in one another")
        self._made += 1
        python = f"v{self._made}"
        outer, self._variables = (
            self._variables,
            {**self._variables, variable: (python, element)},
        )
        self._macros += 1
        body = self.emit(node.arguments[1])
        _need_bool(body, f"`{node.function}` needs a condition", node.arguments[1].place)
        self._macros -= 1
        self._variables = outer
        return function(body.code, python)


def _field(type_: ObjectOf, node: Select) -> Field:
    field = type_.fields.get(node.field)
    if field is None:
        raise _unknown(node.place, f"field of {type_.name}", node.field, type_.fields)
    return field


def _value(type_: Type) -> Type | None:
    """What a map holds."""
    if isinstance(type_, MapOf):
        return type_.value
    return DYN if type_ == DYN else None


def _need_bool(emitted: Emitted, message: str, place: Place) -> None:
    if emitted.type not in {BOOL, DYN}:
        raise place.error(f"{message}, not {emitted.type.name}")


def _unknown(place: Place, what: str, written: str, known: Iterable[str]) -> ConditionError:
    close = difflib.get_close_matches(written, list(known), n=1, cutoff=0.5)
    return place.error(f"`{written}` is not a known {what}", close[0] if close else None)


def _no_function(node: Call, table: Mapping[str, functions.Function]) -> ConditionError:
    if node.function in functions.NOT_SUPPORTED:
        return node.place.error(f"`{node.function}` is not supported here")
    what = "function" if node.operand is None else "method"
    names = [*table, *(functions.MACROS if node.operand is not None else ("has",))]
    return _unknown(node.place, what, node.function, names)
