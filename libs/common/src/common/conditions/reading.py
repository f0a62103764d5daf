"""What an expression reads, so that an index can tell which events could change its outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from common.conditions.macros import MACROS
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

Path = tuple[str, ...]
EVENT_NAME: Path = ("event", "name")
Names = frozenset[str]


@dataclass(frozen=True, slots=True)
class Reads:
    """The fields that an expression reads, and the activities for which it can be true."""

    fields: frozenset[Path]
    """Each from its root on, such as `("customer", "cart", "items")`; below a list nothing is told apart."""
    texts: Mapping[Path, Names]
    """The texts of which a field must be one for it to be true; a field that is not named here may be anything."""

    @property
    def events(self) -> Names | None:
        """The names of which `event.name` must be one; None: it may be any, or none at all."""
        return self.texts.get(EVENT_NAME)

    @property
    def roots(self) -> Names:
        return frozenset(path[0] for path in self.fields)


def reads_of(node: Node) -> Reads:
    return Reads(frozenset(_fields(node, frozenset())), _texts(node))


def _fields(node: Node, variables: Names) -> Iterator[Path]:
    path = _path(node)
    if path and path[0] not in variables:
        yield path
        return
    if isinstance(node, Call) and node.operand is not None and node.function in MACROS:
        yield from _fields(node.operand, variables)
        inner = variables.union(_variable(node))
        for argument in node.arguments[1:]:
            yield from _fields(argument, inner)
        return
    for part in _parts(node):
        yield from _fields(part, variables)


def _variable(macro: Call) -> Names:
    first = macro.arguments[0]
    return frozenset({first.name}) if isinstance(first, Name) else frozenset()


def _path(node: Node) -> Path:
    match node:
        case Name():
            return (node.name,)
        case Select():
            return _below(node.operand, node.field)
        case Index(index=Literal(value=str(key))):
            return _below(node.operand, key)
        case _:
            return ()


def _below(operand: Node, field: str) -> Path:
    path = _path(operand)
    return (*path, field) if path else ()


def _parts(node: Node) -> Iterable[Node]:
    match node:
        case Select() | Unary():
            return (node.operand,)
        case Index():
            return node.operand, node.index
        case Binary():
            return node.left, node.right
        case Logic():
            return node.operands
        case Choice():
            return node.condition, node.yes, node.no
        case _:
            return _several(node)


def _several(node: Node) -> Iterable[Node]:
    match node:
        case Call():
            return node.arguments if node.operand is None else (node.operand, *node.arguments)
        case Listed():
            return node.elements
        case Mapped():
            return (part for entry in node.entries for part in entry)
        case _:
            return ()


def _texts(node: Node) -> Mapping[Path, Names]:
    match node:
        case Logic(operator="&&"):
            return _of_all([_texts(part) for part in node.operands])
        case Logic(operator="||"):
            return _of_any([_texts(part) for part in node.operands])
        case Binary(operator="=="):
            return _compared(node.left, node.right) or _compared(node.right, node.left)
        case Binary(operator="in"):
            return _compared(node.left, node.right)
        case _:
            return {}


def _of_all(parts: Sequence[Mapping[Path, Names]]) -> Mapping[Path, Names]:
    """What each part demands; of a field of which several do, what all of them do."""
    found: dict[Path, Names] = {}
    for part in parts:
        for path, texts in part.items():
            found[path] = found.get(path, texts) & texts
    return found


def _of_any(parts: Sequence[Mapping[Path, Names]]) -> Mapping[Path, Names]:
    """Only of what every part demands something is anything certain."""
    certain = frozenset.intersection(*(frozenset(part) for part in parts))
    return {path: frozenset().union(*(part[path] for part in parts)) for path in certain}


def _compared(field: Node, other: Node) -> Mapping[Path, Names]:
    """The texts that a field is compared with."""
    path = _path(field)
    if not path:
        return {}
    values = other.elements if isinstance(other, Listed) else (other,)
    texts = [v.value for v in values if isinstance(v, Literal) and isinstance(v.value, str)]
    return {path: frozenset(texts)} if len(texts) == len(values) else {}
