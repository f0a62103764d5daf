"""What the parser makes of the tokens."""

from __future__ import annotations

from dataclasses import dataclass

from common.conditions.lexer import Place


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression and where it begins (for an operator: where that stands)."""

    place: Place


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A number, text, `true`, `false` or `null`."""

    value: bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Listed(Node):
    """A list in brackets."""

    elements: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Mapped(Node):
    """A map in braces."""

    entries: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A root or a macro's variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Select(Node):
    """`operand.field`."""

    operand: Node
    field: str


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`operand[index]`."""

    operand: Node
    index: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`function(arguments)`, or `operand.function(arguments)`."""

    function: str
    operand: Node | None
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`!operand` or `-operand`."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Arithmetic, comparison or membership."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """A whole chain of `&&` or of `||`: kept flat, so that a long chain is not a deep one."""

    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """`condition ? yes : no`."""

    condition: Node
    yes: Node
    no: Node
