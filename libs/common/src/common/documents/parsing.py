"""Text to a document: plain YAML only, bounded in length and depth."""

from __future__ import annotations

from typing import NoReturn

import yaml

from common.documents.findings import DocumentError, Finding
from common.documents.value import Value

MAX_LENGTH = 256 * 1024
"""Longer files are not written by hand."""
MAX_DEPTH = 40

# libyaml where the wheel has it: ten times as fast, same places.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_document(file: str, text: str) -> Value:
    """Read one YAML document; anchors, tags and several documents are refused.

    Raises:
        DocumentError: it is not YAML, or too long.
    """
    if len(text) > MAX_LENGTH:
        raise DocumentError(
            [Finding(file, 1, 1, f"longer than {MAX_LENGTH // 1024} Ki characters")]
        )
    try:
        _check_events(file, text)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise DocumentError([Finding(file, line, column, f"not YAML: {error.problem}")]) from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise DocumentError([Finding(file, 1, 1, f"not YAML: {error}")]) from error
    if node is None:
        raise DocumentError([Finding(file, 1, 1, "the file is empty")])
    return Value(file, node, text)


def scalar(file: str, text: str) -> Value:
    """A single text from elsewhere, so that the same readers read it."""
    mark = yaml.Mark(file, 0, 0, 0, None, 0)
    node = yaml.ScalarNode("tag:yaml.org,2002:str", text, start_mark=mark, end_mark=mark)
    return Value(file, node)


def _check_events(file: str, text: str) -> None:
    """Refuse what composing could not bear or nobody needs.

    An alias may make a small file endless; nesting without end would exhaust the composer's stack.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        opens = isinstance(event, yaml.CollectionStartEvent)
        depth += opens - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            _refuse(file, event, f"nested deeper than {MAX_DEPTH}")
        if isinstance(event, yaml.AliasEvent):
            _refuse(file, event, "aliases are not allowed")


def _refuse(file: str, event: yaml.Event, message: str) -> NoReturn:
    mark = event.start_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    raise DocumentError([Finding(file, line, column, message)])
