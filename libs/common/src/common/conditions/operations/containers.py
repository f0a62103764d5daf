"""Lists and maps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from common.conditions.errors import NoValueError
from common.conditions.operations.comparison import member


def each(elements: Any) -> Collection[Any]:
    """What a macro goes through: the elements of a list, the keys of a map."""
    if isinstance(elements, list | tuple | dict):
        return elements
    raise NoValueError("this needs a list or a map")


def size(value: Any) -> int:
    if isinstance(value, str | list | tuple | dict):
        return len(value)
    raise NoValueError("this has no size")


def length(value: Sequence[Any] | Mapping[Any, Any]) -> int:
    """As `size`, where the type is certain."""
    return len(value)


def item(container: Any, key: Any) -> Any:
    """`container[key]`; a negative index is an error, not counted from the end."""
    if isinstance(container, dict):
        if member(key, container):
            return container[key]
        raise NoValueError(f"there is no `{key}`")
    if isinstance(container, list | tuple) and not isinstance(key, bool):
        index = int(key) if isinstance(key, float) and key.is_integer() else key
        if isinstance(index, int) and index >= 0:
            return container[index]
    raise NoValueError("no such element")


def entry(container: Any, key: str, kinds: Collection[type]) -> Any:
    """A declared property, None where it is absent; others' mistakes about its type are no value."""
    value = container.get(key)
    if value is None or type(value) in kinds:
        return value
    raise NoValueError(f"`{key}` is a {type(value).__name__}")


def holds(container: Any, key: str) -> bool:
    """`has(container.key)` of a map."""
    if isinstance(container, dict):
        return member(key, container)
    raise NoValueError("`has` needs an object")


def assembled(*entries: tuple[Any, Any]) -> dict[Any, Any]:
    """A map; a key that is there twice is an error, and so are keys of several kinds."""
    found: dict[Any, Any] = {}
    kinds = {type(key) for key, _ in entries}
    for key, value in entries:
        if len(kinds) > 1 or not isinstance(key, str | int) or key in found:
            raise NoValueError("the keys of a map are unique and of one kind: text, int or bool")
        found[key] = value
    return found
