"""Reads a file line by line; a line that cannot be read is told and costs no other."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

import msgspec
from typing_extensions import override

LONGEST = 1024 * 1024
"""Bytes of a line."""
_MOST_LINES = 200
"""Of one CSV row: a text in quotes may hold line breaks, but a quote that is never closed must not swallow the file."""
_BOM = b"\xef\xbb\xbf"


class BadLineError(Exception):
    """What is wrong with one line."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Bad(msgspec.Struct, frozen=True):
    """A line that is left out."""

    line: int
    """Counted from 1; of a file that has no lines, the how manieth entry."""
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line that can be read: names and what stands under them."""

    line: int
    values: Mapping[str, Any]


def json_lines(file: IO[bytes]) -> Iterator[Row | Bad]:
    """One JSON object a line; empty lines are passed over."""
    for number, line in _lines(file):
        if isinstance(line, Bad):
            yield line
        elif line.strip():
            yield _json_row(number, line)


def _json_row(number: int, line: bytes) -> Row | Bad:
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Bad(number, "not_json", "the line is not JSON")
    if not isinstance(value, dict):
        return Bad(number, "not_json", "the line is not a JSON object")
    return Row(number, value)


def csv_rows(file: IO[bytes], renamed: Mapping[str, str]) -> Iterator[Row | Bad]:
    """Rows below a line of column names; comma, semicolon or tab, as that line has it.

    `renamed` gives our name for a column of theirs. Empty cells are as if they were not there.
    """
    lines = _Lines(_lines(file))
    first = next(lines, None)
    if first is None:
        return
    number, line = first
    if isinstance(line, Bad):
        yield line
        return
    header = line.decode("utf-8", "replace")
    mark = max(",;\t", key=header.count)
    columns = [renamed.get(name.strip(), name.strip()) for name in _cells([header], mark)]
    for number, line in lines:
        if isinstance(line, Bad):
            yield line
        elif line.strip():
            yield _csv_row(number, line, lines, columns, mark)


class _Lines(Iterator["tuple[int, bytes | Bad]"]):
    """Lines of which some may be given back."""

    def __init__(self, lines: Iterable[tuple[int, bytes | Bad]]) -> None:
        self._lines = iter(lines)
        self._back: list[tuple[int, bytes | Bad]] = []

    @override
    def __next__(self) -> tuple[int, bytes | Bad]:
        return self._back.pop() if self._back else next(self._lines)

    def give_back(self, lines: Sequence[tuple[int, bytes | Bad]]) -> None:
        self._back += reversed(lines)


def _csv_row(
    number: int, line: bytes, lines: _Lines, columns: Sequence[str], mark: str
) -> Row | Bad:
    """The row that begins here, with the lines that a text in quotes runs on over."""
    taken: list[tuple[int, bytes | Bad]] = []
    parts = [line]
    while sum(part.count(b'"') for part in parts) % 2 and len(parts) < _MOST_LINES:
        following = next(lines, None)
        if following is None:
            break
        taken.append(following)
        if isinstance(following[1], Bad):
            break
        parts.append(following[1])
    read = _row(number, parts, columns, mark)
    if isinstance(read, Bad) and taken:
        lines.give_back(taken)  # the lines behind a quote that is not closed are lines of their own
        return Bad(number, "unclosed_quote", 'a " is not closed')
    return read


def _row(number: int, parts: Sequence[bytes], columns: Sequence[str], mark: str) -> Row | Bad:
    try:
        cells = _cells([part.decode() for part in parts], mark)
    except UnicodeDecodeError:
        return Bad(number, "not_utf8", "the line is not UTF-8")
    except csv.Error as error:
        return Bad(number, "not_csv", str(error))
    if len(cells) != len(columns):
        told = f"{len(cells)} cells, the first line has {len(columns)}"
        return Bad(number, "wrong_columns", told)
    cleaned = ((name, cell.strip()) for name, cell in zip(columns, cells, strict=True))
    return Row(number, {name: cell for name, cell in cleaned if name and cell})


def _cells(parts: Sequence[str], mark: str) -> list[str]:
    return next(csv.reader(parts, delimiter=mark, strict=True), [])


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes | Bad]]:
    number = 0
    while line := file.readline(LONGEST + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(_BOM)
        if len(line) <= LONGEST:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(LONGEST)
        yield number, Bad(number, "too_long", f"a line may have {LONGEST} bytes")
