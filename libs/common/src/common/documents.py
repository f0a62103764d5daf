"""Hand-written YAML: every value remembers where it stands, so that an error names file, line and column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import NoReturn, TypeVar

import yaml

from common.errors import PermanentError

T = TypeVar("T")

MAX_BYTES = 256 * 1024
"""Longer files are not written by hand."""
MAX_DURATION = timedelta(days=3650)

_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_PART = r"(\d+(?:\.\d+)?)(ms|[smhdw])"
_TRUE_FALSE = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong in a file; lines and columns begin at 1."""

    file: str
    line: int
    column: int
    message: str

    @property
    def text(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class DocumentError(PermanentError):
    """A hand-written file is not what it should be; `findings` says all that was found wrong with it."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("invalid_document", "\n".join(finding.text for finding in findings))
        self.findings = tuple(findings)


class Report:
    """Collects the findings of parts that can be read apart, so that one pass shows all of them."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def read(self, part: Callable[[], T], instead: T) -> T:
        """The part's value, or `instead` after noting what is wrong with it."""
        try:
            return part()
        except DocumentError as error:
            self.findings.extend(error.findings)
            return instead

    def close(self) -> None:
        """End the reading.

        Raises:
            DocumentError: something was found.
        """
        if self.findings:
            raise DocumentError(sorted(set(self.findings)))


@dataclass(frozen=True, slots=True)
class Value:
    """A value in a document and the place where it stands."""

    file: str
    node: yaml.Node

    def fail(self, message: str) -> NoReturn:
        """Raise a DocumentError at this value's place."""
        mark = self.node.start_mark
        raise DocumentError([Finding(self.file, mark.line + 1, mark.column + 1, message)])

    def place_of(self, line: int, column: int) -> tuple[int, int]:
        """Where in the file a place inside this text is; in a text over several lines, where the text begins."""
        mark = self.node.start_mark
        style = self.node.style if isinstance(self.node, yaml.ScalarNode) else None
        if line > 1 or style in ("|", ">"):
            return mark.line + 1, mark.column + 1
        quote = 1 if style in ("'", '"') else 0
        return mark.line + 1, mark.column + quote + column

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
            key = Value(self.file, key_node)
            name = key.text()
            if name in found:
                key.fail(f"`{name}` is here twice")
            found[name] = Value(self.file, value_node)
        return found

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
        return [Value(self.file, node) for node in self.node.value]

    def one_or_more(self) -> list[Value]:
        """A list, or a single value in place of a list of one."""
        return self.items() if self.is_list else [self]

    def text(self) -> str:
        """A scalar as it was written; numbers and `true` may stand for text."""
        if not isinstance(self.node, yaml.ScalarNode) or self.is_null:
            self.fail(f"expected text, found {self._kind()}")
        return str(self.node.value)

    def name(self) -> str:
        """A word of lower-case letters, digits and underscores, beginning with a letter."""
        text = self.text()
        if re.fullmatch(r"[a-z][a-z0-9_]*", text) is None:
            self.fail(f"`{text}` is not a name: use lower-case letters, digits and `_`")
        return text

    def one_of(self, choices: Sequence[str]) -> str:
        text = self.text()
        if text not in choices:
            self.fail(f"`{text}` is none of {', '.join(choices)}{_did_you_mean(text, choices)}")
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

    def _check_keys(self, known: Sequence[str]) -> None:
        findings = []
        for key_node, _ in self.node.value:
            if key_node.value not in known:
                hint = _did_you_mean(key_node.value, known) or f"; known: {', '.join(known)}"
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


def parse_document(file: str, text: str) -> Value:
    """Read one YAML document; anchors, tags and several documents are refused.

    Raises:
        DocumentError: it is not YAML, or too long.
    """
    if len(text.encode()) > MAX_BYTES:
        raise DocumentError([Finding(file, 1, 1, f"longer than {MAX_BYTES // 1024} KiB")])
    try:
        # An alias may make a small file endless, and nobody needs one here.
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            _refuse_alias(file, event)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise DocumentError([Finding(file, line, column, f"not YAML: {error.problem}")]) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise DocumentError([Finding(file, 1, 1, f"not YAML: {error}")]) from error
    if node is None:
        raise DocumentError([Finding(file, 1, 1, "the file is empty")])
    return Value(file, node)


def scalar(file: str, text: str) -> Value:
    """A single text from elsewhere, so that the same readers read it."""
    mark = yaml.Mark(file, 0, 0, 0, None, 0)
    node = yaml.ScalarNode("tag:yaml.org,2002:str", text, start_mark=mark, end_mark=mark)
    return Value(file, node)


def parse_duration(text: str) -> timedelta:
    """`30m`, `1h30m`, `7d`: number and unit (ms, s, m, h, d, w), largest first or not.

    Raises:
        ValueError: a sentence saying what is wrong.
    """
    if re.fullmatch(f"({_PART})+", text) is None:
        raise ValueError(f"`{text}` is not a duration such as `30s`, `45m`, `24h` or `7d`")
    millis = sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, text))
    if millis > MAX_DURATION / timedelta(milliseconds=1):
        raise ValueError(f"`{text}` is longer than ten years")
    return timedelta(milliseconds=millis)


def format_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads back as the same whole milliseconds."""
    rest = duration // timedelta(milliseconds=1)
    parts = []
    for unit in ("d", "h", "m", "s", "ms"):
        count, rest = divmod(rest, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _refuse_alias(file: str, event: yaml.Event) -> None:
    if isinstance(event, yaml.AliasEvent):
        mark = event.start_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise DocumentError([Finding(file, line, column, "aliases are not allowed")])


def _did_you_mean(text: str, choices: Sequence[str]) -> str:
    near = get_close_matches(text, choices, n=1)
    return f"; did you mean `{near[0]}`?" if near else ""
