"""A value in a document: read as what is expected there, or refused with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, NoReturn

import yaml

from common.documents.durations import parse_duration
from common.documents.findings import DocumentError, Finding
from common.documents.places import place_in_file

_TRUE_FALSE = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Value:
    """A value in a document and the place where it stands."""

    file: str
    node: yaml.Node
    source: str = ""
    """The file's text."""

    def fail(self, message: str) -> NoReturn:
        """Raise a DocumentError at this value's place."""
        raise DocumentError([self.finding(message)])

    def finding(self, message: str) -> Finding:
        """Something that is wrong at this value's place."""
        mark = self.node.start_mark
        return Finding(self.file, mark.line + 1, mark.column + 1, message)

    def place_of(self, line: int, column: int) -> tuple[int, int]:
        """Where in the file a place inside this text is; all count from 1."""
        if isinstance(self.node, yaml.ScalarNode) and self.source:
            return place_in_file(self.source, self.node, line, column)
        mark = self.node.start_mark
        return mark.line + 1, mark.column + 1

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, yaml.SequenceNode)

    @property
    def is_null(self) -> bool:
        return self.node.tag == "tag:yaml.org,2002:null"

    def entries(self) -> Mapping[str, Value]:
        """A mapping with free keys."""
        if not isinstance(self.node, yaml.MappingNode):
            self.fail(f"expected a mapping, found {self._kind()}")
        found: dict[str, Value] = {}
        for key_node, value_node in self.node.value:
            key = self._at(key_node)
            name = key.text()
            if name in found:
                key.fail(f"`{name}` is here twice")
            found[name] = self._at(value_node)
        return found

    def keys(self) -> list[Value]:
        """A mapping's keys, each in its own place."""
        if not isinstance(self.node, yaml.MappingNode):
            self.fail(f"expected a mapping, found {self._kind()}")
        return [Value(self.file, key_node) for key_node, _ in self.node.value]

    def fields(self, *, required: Sequence[str] = (), optional: Sequence[str] = ()) -> Fields:
        """A mapping whose keys are known; another key is an error that suggests the nearest."""
        found = self.entries()
        known = [*required, *optional]
        self._check_keys(known)
        for name in required:
            if name not in found:
                self.fail(f"`{name}` is missing")
        return Fields(found)

    def items(self) -> list[Value]:
        """A list."""
        if not isinstance(self.node, yaml.SequenceNode):
            self.fail(f"expected a list, found {self._kind()}")
        return [self._at(node) for node in self.node.value]

    def one_or_more(self) -> list[Value]:
        """A list, or a single value in place of a list of one."""
        return self.items() if self.is_list else [self]

    def text(self) -> str:
        """A scalar as it was written; numbers and `true` may stand for text."""
        if not isinstance(self.node, yaml.ScalarNode) or self.is_null:
            self.fail(f"expected text, found {self._kind()}")
        return str(self.node.value)

    def canonical(self) -> str:
        """What is said here, whatever its layout and comments."""
        return repr(_plain(self.node))

    def plain(self) -> Any:
        """What is said here as plain Python values, with YAML's own kinds of scalars."""
        return yaml.constructor.SafeConstructor().construct_document(self.node)

    def after(self, prefix: str) -> Value | None:
        """The scalar behind a prefix, in the same place; None where it does not begin so."""
        text = self.text()
        if not text.startswith(prefix):
            return None
        rest = text[len(prefix) :]
        mark = self.node.start_mark
        return Value(
            self.file, yaml.ScalarNode(self.node.tag, rest, start_mark=mark, end_mark=mark)
        )

    def name(self) -> str:
        """A word of lower-case letters, digits and underscores, beginning with a letter."""
        text = self.text()
        if re.fullmatch(r"[a-z][a-z0-9_]*", text) is None:
            self.fail(f"`{text}` is not a name: use lower-case letters, digits and `_`")
        return text

    def one_of(self, choices: Sequence[str]) -> str:
        text = self.text()
        if text not in choices:
            self.fail(f"`{text}` is none of {', '.join(choices)}{did_you_mean(text, choices)}")
        return text

    def boolean(self) -> bool:
        text = self.text()
        if text not in _TRUE_FALSE:
            self.fail(f"`{text}` is neither true nor false")
        return _TRUE_FALSE[text]

    def number(self) -> float:
        text = self.text()
        if re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,15})?", text) is None:
            self.fail(f"`{text}` is not a number")
        return float(text)

    def integer(self) -> int:
        text = self.text()
        if re.fullmatch(r"[+-]?\d{1,15}", text) is None:
            self.fail(f"`{text}` is not a whole number")
        return int(text)

    def duration(self) -> timedelta:
        text = self.text()
        try:
            return parse_duration(text)
        except ValueError as error:
            self.fail(str(error))

    def _at(self, node: yaml.Node) -> Value:
        return Value(self.file, node, self.source)

    def _check_keys(self, known: Sequence[str]) -> None:
        findings = []
        for key_node, _ in self.node.value:
            if key_node.value not in known:
                hint = did_you_mean(key_node.value, known) or f"; known: {', '.join(known)}"
                mark = key_node.start_mark
                message = f"unknown key `{key_node.value}`{hint}"
                findings.append(Finding(self.file, mark.line + 1, mark.column + 1, message))
        if findings:
            raise DocumentError(findings)

    def _kind(self) -> str:
        if self.is_mapping:
            return "a mapping"
        if self.is_list:
            return "a list"
        return "nothing" if self.is_null else f"`{self.node.value}`"


@dataclass(frozen=True, slots=True)
class Fields:
    """The values of a mapping with known keys."""

    values: Mapping[str, Value]

    def __getitem__(self, name: str) -> Value:
        return self.values[name]

    def get(self, name: str) -> Value | None:
        return self.values.get(name)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)


def _plain(node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return [(_plain(key), _plain(value)) for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    return str(node.value)


def did_you_mean(text: str, choices: Sequence[str]) -> str:
    """The end of a message that names what was perhaps meant; empty where nothing is near."""
    near = get_close_matches(text, choices, n=1)
    return f"; did you mean `{near[0]}`?" if near else ""
