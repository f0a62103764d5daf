"""What is certain to be present where another part of the expression was true or false."""

from __future__ import annotations

from collections.abc import Iterable

from common.conditions.syntax import Binary, Call, Index, Literal, Logic, Name, Node, Select, Unary

Paths = frozenset[str]
NOTHING: Paths = frozenset()


def path_of(node: Node) -> str:
    """A chain of names as it is written, empty for anything else."""
    match node:
        case Name():
            return node.name
        case Select():
            return _below(node.operand, node.field)
        case Index(index=Literal(value=str(key))):
            return _below(node.operand, key)
        case _:
            return ""


def _below(operand: Node, field: str) -> str:
    path = path_of(operand)
    return f"{path}.{field}" if path else ""


def present_where(node: Node, *, holds: bool) -> Paths:
    """The paths that have a value if the node is true, or if it is false."""
    match node:
        case Unary(operator="!"):
            return present_where(node.operand, holds=not holds)
        case Logic():
            parts = (present_where(operand, holds=holds) for operand in node.operands)
            # A true conjunction is true in each part; a false one in some.
            return _union(parts) if (node.operator == "&&") == holds else _intersection(parts)
        case Call(function="has", operand=None, arguments=(field,)):
            return frozenset({path_of(field)}) if holds else NOTHING
        case Binary(operator="==" | "!="):
            return _compared(node, equal=(node.operator == "==") == holds)
        case _:
            return NOTHING


def _compared(node: Binary, *, equal: bool) -> Paths:
    for one, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(other, Literal):
            # Equal to a value, or different from null.
            return frozenset({path_of(one)}) if equal == (other.value is not None) else NOTHING
    return NOTHING


def _union(parts: Iterable[Paths]) -> Paths:
    return frozenset().union(*parts)


def _intersection(parts: Iterable[Paths]) -> Paths:
    first, *rest = parts
    return first.intersection(*rest)
