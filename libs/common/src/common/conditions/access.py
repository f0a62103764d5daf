"""Names, fields and elements: what is declared is read as Python's attributes and entries."""

from __future__ import annotations

import ast
from collections.abc import Callable

from common.conditions.emitted import Emitted, call, name
from common.conditions.lexer import Place
from common.conditions.scope import Scope
from common.conditions.suggestions import unknown_field, unknown_root
from common.conditions.syntax import Call, Index, Literal, Name, Node, Select
from common.conditions.types import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    NUMBER,
    NUMBERS,
    STRING,
    UNKNOWN,
    Field,
    ListOf,
    MapOf,
    ObjectOf,
    Type,
)

Emit = Callable[[Node], Emitted]
_KINDS: dict[Type, frozenset[type]] = {
    STRING: frozenset({str}),
    BOOL: frozenset({bool}),
    INT: frozenset({int}),
    DOUBLE: frozenset({float}),
    NUMBER: frozenset({int, float}),
}
"""What JSON makes of a type."""
_JSON = frozenset({str, bool, int, float, list, tuple, dict})
_UNDECLARED = Field(DYN, nullable=True, promised=True)


def named(node: Name, scope: Scope) -> Emitted:
    if node.name in scope.variables:
        python, type_ = scope.variables[node.name]
        return Emitted(name(python), type_, path=node.name)
    root = scope.roots.get(node.name)
    if root is None:
        raise unknown_root(node.place, node.name, scope.variables, scope.roots)
    python = scope.used.setdefault(node.name, f"r{len(scope.used)}")
    nullable = root.nullable and node.name not in scope.present
    promised = scope.lenient or root.promised
    return Emitted(name(python), root.type, nullable=nullable, promised=promised, path=node.name)


def selected(node: Select, emit: Emit, scope: Scope) -> Emitted:
    if isinstance(node.operand, Name):
        constant = _constant(node.operand, node, scope)
        if constant is not None:
            return constant
    operand = emit(node.operand)
    if isinstance(operand.type, ObjectOf):
        field = operand.type.fields.get(node.field)
        if field is None and operand.type.is_open:
            field = _UNDECLARED
        if field is None:
            raise unknown_field(node.place, operand.type, node.field, operand.path)
        return _field(_object(operand, node), operand.type, node.field, field, scope)
    value = _value(operand.type)
    if value is None:
        raise node.place.error(f"{operand.type.name} has no fields")
    operand.present(node.place)
    key = Emitted(ast.Constant(node.field), STRING)
    return Emitted(_item(operand, key), value, fails=True, path=_below(operand, node.field))


def _constant(root: Name, node: Select, scope: Scope) -> Emitted | None:
    """A field whose value is known already needs nothing when the condition is evaluated."""
    declared = None if root.name in scope.variables else scope.roots.get(root.name)
    if declared is None or not isinstance(declared.type, ObjectOf):
        return None
    field = declared.type.fields.get(node.field)
    if field is None or field.constant is UNKNOWN:
        return None
    return Emitted(scope.constant(field.constant), field.type)


def _object(operand: Emitted, node: Select | Index) -> Emitted:
    """A root that is absent as a whole has no value, whatever is asked of it; an optional field must be guarded."""
    owner = node.operand
    return operand if isinstance(owner, Name) else operand.present(node.place)


def _field(operand: Emitted, type_: ObjectOf, key: str, field: Field, scope: Scope) -> Emitted:
    path = _below(operand, key)
    nullable = field.nullable and path not in scope.present
    if type_.of_map:
        code: ast.expr = call("entry", operand.code, ast.Constant(key), _kinds(field.type, scope))
    else:
        code = ast.Attribute(value=operand.code, attr=field.attribute or key, ctx=ast.Load())
    return Emitted(
        code,
        field.type,
        nullable=nullable,
        promised=scope.lenient or field.promised,
        fails=type_.of_map or operand.fails or operand.nullable,
        path=path,
    )


def _kinds(type_: Type, scope: Scope) -> ast.expr:
    if type_ == DYN:
        return scope.constant(_JSON)
    if isinstance(type_, ListOf):
        return scope.constant(frozenset({list, tuple}))
    return scope.constant(_KINDS.get(type_, frozenset({dict})))


def indexed(node: Index, emit: Emit, scope: Scope) -> Emitted:
    operand = emit(node.operand)
    if isinstance(operand.type, ObjectOf):
        return _looked_up(node, operand, operand.type, scope)
    index = emit(node.index).present(node.index.place)
    wanted, value = _index_of(operand.type, node.place)
    fitting = index.type in {wanted, DYN} or wanted == DYN
    if not fitting and not (wanted in NUMBERS and index.type == NUMBER):
        raise node.place.error(
            f"{operand.type.name} is indexed by {wanted.name}, not {index.type.name}"
        )
    operand.present(node.place)
    return Emitted(_item(operand, index), value, fails=True)


def _item(operand: Emitted, index: Emitted) -> ast.expr:
    """Python's own subscript where it means the same: not where `true` could meet 1, nor from a list's end."""
    if isinstance(operand.type, MapOf) and operand.type.key == index.type == STRING:
        return ast.Subscript(value=operand.code, slice=index.code, ctx=ast.Load())
    return call("item", operand.code, index.code)


def _index_of(type_: Type, place: Place) -> tuple[Type, Type]:
    """The type of the index, and of what is found there."""
    match type_:
        case ListOf():
            return INT, type_.element
        case MapOf():
            return type_.key, type_.value
        case _ if type_ == DYN:
            return DYN, DYN
        case _:
            raise place.error(f"{type_.name} has no elements")


def _looked_up(node: Index, operand: Emitted, type_: ObjectOf, scope: Scope) -> Emitted:
    """`event.properties['name']`: as `.name` where that is declared, else whatever is there."""
    key = node.index
    if not (type_.of_map and isinstance(key, Literal) and isinstance(key.value, str)):
        raise node.place.error(f"{type_.name} has no elements; write its fields with a dot")
    field = type_.fields.get(key.value, _UNDECLARED)
    return _field(_object(operand, node), type_, key.value, field, scope)


def has(node: Call, emit: Emit, scope: Scope) -> Emitted:
    """Whether a field has a value."""
    field = node.arguments[0] if len(node.arguments) == 1 else None
    if not isinstance(field, Select):
        raise node.place.error("`has` takes one field, such as has(event.properties.price)")
    operand = emit(field.operand)
    if isinstance(operand.type, ObjectOf):
        found = selected(field, emit, scope)
        present = ast.Compare(left=found.code, ops=[ast.IsNot()], comparators=[ast.Constant(None)])
        return Emitted(present, BOOL, fails=found.fails)
    if _value(operand.type) is None:
        raise node.place.error(f"{operand.type.name} has no fields")
    code = call("holds", operand.present(node.place).code, ast.Constant(field.field))
    return Emitted(code, BOOL, fails=operand.risky)


def _value(type_: Type) -> Type | None:
    """What a map holds by name."""
    if isinstance(type_, MapOf):
        return type_.value if type_.key in {STRING, DYN} else None
    return DYN if type_ == DYN else None


def _below(operand: Emitted, key: str) -> str:
    return f"{operand.path}.{key}" if operand.path else ""
