"""What somebody may have meant by a name that there is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from common.conditions.errors import ConditionError
from common.conditions.lexer import Place
from common.conditions.types import Field, ListOf, ObjectOf, Type

_MOST_LISTED = 12
_DEEPEST = 4


def near(written: str, known: Iterable[str]) -> str | None:
    close = get_close_matches(written, list(known), n=1, cutoff=0.5)
    return close[0] if close else None


def unknown(place: Place, what: str, written: str, known: Iterable[str]) -> ConditionError:
    return place.error(f"`{written}` is not a known {what}", near(written, known))


def unknown_field(place: Place, type_: ObjectOf, written: str, path: str) -> ConditionError:
    """Name the field that was meant, whether it stands here or further down."""
    before = f"{path}." if path else ""
    deeper = [found for found in _paths(type_) if found.rpartition(".")[2] == written]
    meant = min(deeper, key=len) if deeper else near(written, type_.fields)
    message = f"`{written}` is not a known field of {type_.name}"
    if meant is None and len(type_.fields) <= _MOST_LISTED:
        message += f"; it has {', '.join(type_.fields)}"
    if type_.of_map:
        message += f"; what is in no vocabulary is read as {path or type_.name}['{written}']"
    return place.error(message, None if meant is None else f"{before}{meant}")


def unknown_root(
    place: Place, written: str, variables: Iterable[str], roots: Mapping[str, Field]
) -> ConditionError:
    """Name the root that was meant, or the field of a root that is called so."""
    deeper = [
        f"{root}.{path}"
        for root, field in roots.items()
        for path in _paths(field.type)
        if path.rpartition(".")[2] == written
    ]
    meant = min(deeper, key=len) if deeper else near(written, [*variables, *roots])
    return place.error(f"`{written}` is not a known name", meant)


def _paths(type_: Type, depth: int = 0) -> Iterator[str]:
    if not isinstance(type_, ObjectOf) or depth == _DEEPEST:
        return
    for name, field in type_.fields.items():
        yield name
        if not isinstance(field.type, ListOf):
            yield from (f"{name}.{below}" for below in _paths(field.type, depth + 1))
