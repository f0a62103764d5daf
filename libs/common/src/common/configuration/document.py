"""A YAML file as plain values, with the line of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from common.configuration.problems import ConfigurationError, Problem
from common.documents import DocumentError, parse_document

Path = tuple[str | int, ...]
MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file; `line` finds where a value stands."""

    file: str
    value: Any
    lines: dict[Path, int] = field(repr=False)

    def line(self, path: Sequence[str | int]) -> int | None:
        """The line (from 1) of the value or, where it is missing, of what should hold it."""
        for length in range(len(path), -1, -1):
            found = self.lines.get(tuple(path[:length]))
            if found is not None:
                return found
        return None

    def problem(self, path: Sequence[str | int], message: str) -> Problem:
        written = ".".join(str(part) for part in path)
        return Problem(self.file, message, self.line(path), written)


def read_document(file: str, text: str) -> Document:
    """Parse one YAML document.

    Raises:
        ConfigurationError: it is not YAML, repeats a key, uses an alias or is nested too deeply.
    """
    try:
        node = parse_document(file, text).node
    except DocumentError as error:
        problems = [Problem(file, found.message, found.line) for found in error.findings]
        raise ConfigurationError(problems) from error
    reading = _Reading(file)
    reading.walk(node, ())
    if reading.problems:
        raise ConfigurationError(reading.problems)
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        # Only what a tag demands can still fail here, such as a date that does not exist.
        raise ConfigurationError([Problem(file, f"not YAML: {error}")]) from error
    return Document(file, value, reading.lines)


class _Reading:
    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []

    def walk(self, node: yaml.Node, path: Path) -> None:
        line = node.start_mark.line + 1
        if len(path) > MAX_DEPTH:
            self._problem(path, f"nested deeper than {MAX_DEPTH}", line)
            return
        self.lines.setdefault(path, line)
        for part, child in self._children(node, path):
            self.walk(child, (*path, part))

    def _children(self, node: yaml.Node, path: Path) -> Iterator[tuple[str | int, yaml.Node]]:
        if isinstance(node, yaml.SequenceNode):
            yield from enumerate(node.value)
        elif isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, child in node.value:
                name, line = str(key.value), key.start_mark.line + 1
                if name in keys:
                    self._problem((*path, name), "this key is here twice", line)
                keys.add(name)
                # A nested value begins on a later line than its key, which is where one looks for it.
                self.lines.setdefault((*path, name), line)
                yield name, child

    def _problem(self, path: Path, message: str, line: int) -> None:
        written = ".".join(str(part) for part in path)
        self.problems.append(Problem(self.file, message, line, written))
