"""Tokens to syntax, by CEL's grammar and precedence."""

from __future__ import annotations

from collections.abc import Callable

from common.conditions.errors import ConditionError
from common.conditions.lexer import Place, Token, tokens_of
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

MAX_DEPTH = 34
"""CEL asks for 32 at least."""
MAX_NODES = 500
MIN_INT, MAX_INT = -(2**63), 2**63 - 1
RELATIONS = ("==", "!=", "<", "<=", ">", ">=", "in")
CONSTANTS = {"true": True, "false": False, "null": None}
# CEL reserves them, so that an expression stays one when the language grows.
RESERVED = frozenset(
    [
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import", "let"),
        *("loop", "package", "namespace", "return", "var", "void", "while"),
    ]
)


def parse(text: str) -> Node:
    """Read the whole text as one expression.

    Raises:
        ConditionError: it is not one, or it is nested or composed beyond the limits.
    """
    return _Parser(tokens_of(text)).whole()


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._position = 0
        self._depth = 0
        self._nodes = 0

    def whole(self) -> Node:
        if self._next.kind == "end":
            raise self._next.place.error("there is no expression")
        node = self._expression()
        if self._next.kind != "end":
            raise self._unexpected("the expression should end here")
        return node

    @property
    def _next(self) -> Token:
        return self._tokens[self._position]

    def _take(self) -> Token:
        token = self._next
        self._position += 1
        return token

    def _accept(self, *texts: str) -> Token | None:
        if self._next.kind in {"mark", "name"} and self._next.text in texts:
            return self._take()
        return None

    def _expect(self, text: str) -> Token:
        token = self._accept(text)
        if token is None:
            raise self._unexpected(f"expected `{text}`")
        return token

    def _unexpected(self, message: str) -> ConditionError:
        token = self._next
        found = "the end" if token.kind == "end" else f"`{token.text}`"
        return token.place.error(f"{message}, found {found}")

    def _made(self, node: Node) -> Node:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise node.place.error(f"more than {MAX_NODES} parts")
        return node

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._next.place.error(f"nested deeper than {MAX_DEPTH}")
        node = self._chain("||", lambda: self._chain("&&", self._relation))
        mark = self._accept("?")
        if mark is not None:
            yes = self._chain("||", lambda: self._chain("&&", self._relation))
            self._expect(":")
            node = self._made(Choice(mark.place, node, yes, self._expression()))
        self._depth -= 1
        return node

    def _chain(self, operator: str, operand: Callable[[], Node]) -> Node:
        operands = [operand()]
        place: Place | None = None
        while (mark := self._accept(operator)) is not None:
            place = place or mark.place
            operands.append(operand())
        return operands[0] if place is None else self._made(Logic(place, operator, tuple(operands)))

    def _relation(self) -> Node:
        return self._left_to_right(RELATIONS, self._sum)

    def _sum(self) -> Node:
        return self._left_to_right(("+", "-"), self._product)

    def _product(self) -> Node:
        return self._left_to_right(("*", "/", "%"), self._unary)

    def _left_to_right(self, operators: tuple[str, ...], operand: Callable[[], Node]) -> Node:
        node = operand()
        before = self._depth
        while (mark := self._accept(*operators)) is not None:
            self._deeper(mark.place)
            node = self._made(Binary(mark.place, mark.text, node, operand()))
        self._depth = before
        return node

    def _deeper(self, place: Place) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise place.error(f"nested deeper than {MAX_DEPTH}")

    def _unary(self) -> Node:
        mark = self._accept("!", "-")
        if mark is None:
            return self._member()
        if mark.text == "-" and self._next.kind in {"int", "double"}:
            return self._after(self._number(mark))
        self._deeper(mark.place)
        node = self._made(Unary(mark.place, mark.text, self._unary()))
        self._depth -= 1
        return node

    def _member(self) -> Node:
        return self._after(self._primary())

    def _after(self, node: Node) -> Node:
        before = self._depth
        while (mark := self._accept(".", "[")) is not None:
            self._deeper(mark.place)
            if self._accept("?"):
                raise mark.place.error(
                    "optional values are not part of conditions; write has(…) ? … : …"
                )
            if mark.text == "[":
                node = self._made(Index(mark.place, node, self._expression()))
                self._expect("]")
            else:
                node = self._selected(node)
        self._depth = before
        return node

    def _selected(self, operand: Node) -> Node:
        if self._next.kind == "quoted":
            return self._made(Select(self._next.place, operand, self._take().text))
        name = self._name("a field's name")
        if self._accept("(") is None:
            return self._made(Select(name.place, operand, name.text))
        return self._made(Call(name.place, name.text, operand, self._several(")")))

    def _name(self, what: str) -> Token:
        if self._next.kind != "name" or self._next.text in {*CONSTANTS, "in"}:
            raise self._unexpected(f"expected {what}")
        return self._take()

    def _several(self, closing: str) -> tuple[Node, ...]:
        found: list[Node] = []
        while self._accept(closing) is None:
            if found:
                self._expect(",")
                if closing == "]" and self._accept(closing):
                    break
            found.append(self._expression())
        return tuple(found)

    def _primary(self) -> Node:
        token = self._next
        if token.kind in {"int", "double"}:
            return self._number(None)
        if token.kind == "string":
            return self._made(Literal(self._take().place, token.text))
        if token.text in CONSTANTS and token.kind == "name":
            return self._made(Literal(self._take().place, CONSTANTS[token.text]))
        if self._accept("("):
            node = self._expression()
            self._expect(")")
            return node
        if self._accept("["):
            return self._made(Listed(token.place, self._several("]")))
        if self._accept("{"):
            return self._made(Mapped(token.place, self._entries()))
        if token.text == "." and token.kind == "mark":
            raise token.place.error("a name does not begin with a dot here")
        return self._named()

    def _entries(self) -> tuple[tuple[Node, Node], ...]:
        found: list[tuple[Node, Node]] = []
        while self._accept("}") is None:
            if found:
                self._expect(",")
                if self._accept("}"):
                    break
            if self._accept("?"):
                raise self._unexpected("optional values are not part of conditions")
            key = self._expression()
            self._expect(":")
            found.append((key, self._expression()))
        return tuple(found)

    def _named(self) -> Node:
        token = self._name("a value")
        if token.text in RESERVED:
            raise token.place.error(f"`{token.text}` is a reserved word")
        if self._accept("("):
            return self._made(Call(token.place, token.text, None, self._several(")")))
        if self._next.kind == "mark" and self._next.text == "{":
            raise token.place.error("messages are not part of conditions; compare field by field")
        return self._made(Name(token.place, token.text))

    def _number(self, minus: Token | None) -> Node:
        token = self._take()
        place = minus.place if minus else token.place
        sign = -1 if minus else 1
        if self._next.kind == "name" and self._next.text in {"u", "U"}:
            raise place.error("unsigned numbers are not part of conditions; leave the `u` away")
        if token.kind == "double":
            return self._made(Literal(place, sign * float(token.text)))
        value = sign * int(token.text, 16 if token.text.startswith("0x") else 10)
        if not MIN_INT <= value <= MAX_INT:
            raise place.error("this number does not fit into 64 bits")
        return self._made(Literal(place, value))
