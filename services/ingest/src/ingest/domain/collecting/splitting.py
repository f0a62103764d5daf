"""Takes a JSON text apart without judging its parts, so that one bad message cannot take others with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

# Possessive, and a string that never ends runs to the end: linear on any input.
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
_TOKEN = re.compile(_STRING + rb"|[\[{]++|[\]}]++|[,:]", re.DOTALL)
_STRINGS = re.compile(_STRING, re.DOTALL)
_NOT_A_NUMBER = re.compile(rb"\b(?:NaN|Infinity|nan|inf)\b")
_BRACKETS = re.compile(_STRING + rb"|[\[{]|[\]}]", re.DOTALL)
_HALF = rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
_PAIR = rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPE = re.compile(
    rb"(?P<pair>" + _PAIR + rb")|(?P<half>" + _HALF + rb")|(?P<nul>\\u0000)|\\.", re.DOTALL
)


@dataclass(slots=True)
class Parts:
    """The members of the outermost object, as bytes, and the items of the array called `batch`."""

    members: dict[bytes, bytes] = field(default_factory=dict)
    items: list[bytes] | None = None


def split(text: bytes) -> Parts | None:
    """Cut the outermost object into its members; None when its brackets do not match up."""
    stripped = text.strip()
    if not (stripped.startswith(b"{") and stripped.endswith(b"}")):
        return None
    members = _cut(stripped[1:-1])
    if members is None:
        return None
    parts = Parts()
    for member in members:
        key = _STRINGS.match(member)
        if key is None:
            return None
        rest = member[key.end() :].lstrip()
        if not rest.startswith(b":"):
            return None
        parts.members[key[0][1:-1]] = rest[1:].strip()
    parts.items = items_of(parts.members.get(b"batch", b""))
    return parts


def items_of(text: bytes) -> list[bytes] | None:
    """The items of an array; None when it is none, or its brackets do not match up."""
    stripped = text.strip()
    if not (stripped.startswith(b"[") and stripped.endswith(b"]")):
        return None
    return _cut(stripped[1:-1])


def _cut(text: bytes) -> list[bytes] | None:
    """Cut at the commas outside of all brackets; None when the brackets do not match up."""
    found: list[bytes] = []
    depth, start = 0, 0
    for token in _TOKEN.finditer(text):
        first = text[token.start()]
        if first in b"[{":
            depth += token.end() - token.start()
        elif first in b"]}":
            depth -= token.end() - token.start()
            if depth < 0:
                return None
        elif first in b"," and depth == 0:
            found.append(text[start : token.start()].strip())
            start = token.end()
    last = text[start:].strip()
    if depth or (found and not last):
        return None
    if last:
        found.append(last)
    return None if any(not item for item in found) else found


def depth_of(text: bytes) -> int:
    """How deep the brackets nest; `{}` has depth 1."""
    depth = deepest = 0
    for token in _BRACKETS.finditer(text):
        first = text[token.start()]
        if first in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first in b"]}":
            depth -= 1
    return deepest


def has_no_number(text: bytes) -> bool:
    """True when NaN or Infinity stands where a number should."""
    return _NOT_A_NUMBER.search(_STRINGS.sub(b'""', text)) is not None


def has_nul(text: bytes) -> bool:
    """True when a character 0 is in it, plain or escaped; PostgreSQL's text cannot hold one."""
    if b"\0" in text:
        return True
    return b"\\u0000" in text and any(match["nul"] for match in _ESCAPE.finditer(text))


def repaired(text: bytes) -> bytes:
    r"""The text with each lone half of a surrogate pair replaced by `\ufffd`.

    Browsers write them when a script cuts a string in the middle of an emoji; UTF-8 cannot hold them.
    """
    if b"\\ud" not in text and b"\\uD" not in text:
        return text
    return _ESCAPE.sub(lambda match: rb"\ufffd" if match["half"] else match[0], text)
