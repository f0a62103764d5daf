"""Text to tokens, each with its place for messages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from common.conditions.errors import ConditionError

MAX_CHARACTERS = 4_096

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n\f]+|//[^\n]*)
  | (?P<double>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
  | (?P<int>0x[0-9a-fA-F]+|[0-9]+)
  | (?P<raw>[rR](?:"{3}(?:(?!"{3})[\s\S])*"{3}|'{3}(?:(?!'{3})[\s\S])*'{3}|"[^"\n]*"|'[^'\n]*'))
  | (?P<bytes>(?:[bB][rR]?|[rR][bB])["'])
  | (?P<string>"{3}(?:\\[\s\S]|(?!"{3})[^\\])*"{3}|'{3}(?:\\[\s\S]|(?!'{3})[^\\])*'{3}
      |"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
  | (?P<name>[_a-zA-Z][_a-zA-Z0-9]*)
  | (?P<quoted>`[a-zA-Z0-9_.\-/ ]+`)
  | (?P<mark>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{}])
    """,
    re.VERBOSE | re.ASCII,
)
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\?\"'`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.?))",
    re.DOTALL,
)
_PLAIN = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the text, from 1."""

    line: int
    column: int

    def error(self, message: str, suggestion: str | None = None) -> ConditionError:
        return ConditionError(self.line, self.column, message, suggestion)


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the text; strings already without their quotes."""

    kind: str
    """`int`, `double`, `string`, `name`, `quoted` (a name in back quotes), `mark` or `end`."""
    text: str
    place: Place


def tokens_of(text: str) -> list[Token]:
    """All tokens, the last of kind `end`.

    Raises:
        ConditionError: something is not a token, or the text is too long.
    """
    if len(text) > MAX_CHARACTERS:
        raise ConditionError(1, 1, f"longer than {MAX_CHARACTERS:,} characters")
    found: list[Token] = []
    position = 0
    while position < len(text):
        place = _place(text, position)
        match = _TOKEN.match(text, position)
        if match is None:
            raise _unreadable(text[position:], place)
        position = match.end()
        kind = match.lastgroup or ""
        if kind != "space":
            found.append(_token(kind, match[0], place))
    found.append(Token("end", "", _place(text, len(text))))
    return found


def _place(text: str, position: int) -> Place:
    line_start = text.rfind("\n", 0, position) + 1
    return Place(text.count("\n", 0, position) + 1, position - line_start + 1)


def _token(kind: str, text: str, place: Place) -> Token:
    match kind:
        case "raw":
            return Token("string", _inside(text[1:]), place)
        case "string":
            return Token("string", _unescaped(_inside(text), place), place)
        case "quoted":
            return Token(kind, text[1:-1], place)
        case "bytes":
            raise place.error("bytes are not part of conditions; write text without the `b`")
        case _:
            return Token(kind, text, place)


def _inside(quoted: str) -> str:
    quotes = 3 if quoted[:3] in {'"""', "'''"} and len(quoted) >= 6 else 1
    return quoted[quotes:-quotes]


def _unescaped(text: str, place: Place) -> str:
    def replaced(match: re.Match[str]) -> str:
        simple, *codes, octal, unknown = match.groups()
        if unknown is not None:
            raise place.error(f"`\\{unknown}` is not an escape sequence")
        if simple is not None:
            return _PLAIN.get(simple, simple)
        digits = next((code for code in codes if code is not None), None)
        return _character(int(digits, 16) if digits is not None else int(octal, 8), place)

    return _ESCAPE.sub(replaced, text)


def _character(code: int, place: Place) -> str:
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise place.error(f"there is no character {code:#x}")
    return chr(code)


def _unreadable(rest: str, place: Place) -> ConditionError:
    if rest[0] in "\"'":
        return place.error("this text has no closing quote")
    if rest[0] in "&|=":
        wanted = "==" if rest[0] == "=" else rest[0] * 2
        return place.error(f"`{rest[0]}` is not an operator", wanted)
    return place.error(f"`{rest[0]}` does not belong here")
