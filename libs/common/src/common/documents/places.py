"""Where in a file a character of a text stands that YAML has put together from quotes, escapes and folded lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

# YAML changes blanks as it folds and indents; all other characters keep their order.
_BLANK = " \t\r\n\x85\u2028\u2029\xa0"
_IN_DOUBLE = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[\s\S])|[\s\S]", re.ASCII
)
_IN_SINGLE = re.compile(r"''|[\s\S]")
_PLAIN = re.compile(r"[\s\S]")
_BLANK_ESCAPES = "tnrNLP_ \t\r\n"
"""After a backslash; the last is a line that goes on."""


def place_in_file(source: str, node: yaml.ScalarNode, line: int, column: int) -> tuple[int, int]:
    """The line and column in the file of those in the node's text; all count from 1.

    The characters before it that are no blanks are as many in the file as in the text.
    """
    lines = node.value.split("\n")
    before = "".join([*lines[: line - 1], lines[line - 1][: column - 1]])
    inked = sum(character not in _BLANK for character in before)
    begin = end = node.start_mark.index
    for number, (start, stop) in enumerate(_characters(source, node)):
        if number == inked:
            return _line_and_column(source, start)
        begin, end = start, stop
    return _line_and_column(source, end if begin != end else begin)


def _characters(source: str, node: yaml.ScalarNode) -> Iterator[tuple[int, int]]:
    """Where each character of the text stands that is no blank."""
    start, end = node.start_mark.index, node.end_mark.index
    pattern = {'"': _IN_DOUBLE, "'": _IN_SINGLE}.get(node.style or "", _PLAIN)
    if node.style in ("'", '"'):
        start, end = start + 1, end - 1
    elif node.style in ("|", ">"):
        start = _below_header(source, start)
    for match in pattern.finditer(source, start, end):
        found = match[0]
        if not _is_blank(found):
            yield match.span()


def _is_blank(written: str) -> bool:
    if written in _BLANK or len(written) == 1 or written == "''":
        return written in _BLANK
    code = written[2:]
    return written[1] in _BLANK_ESCAPES if not code else chr(int(code, 16)) in _BLANK


def _below_header(source: str, start: int) -> int:
    """Past `|2-  # and a comment`."""
    end = source.find("\n", start)
    return len(source) if end < 0 else end + 1


def _line_and_column(source: str, index: int) -> tuple[int, int]:
    begin = source.rfind("\n", 0, index) + 1
    return source.count("\n", 0, index) + 1, index - begin + 1
