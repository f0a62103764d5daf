"""Who has to be asked when a customer changes: with a thousand playbooks, most read nothing of what did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from common.customer import Customer

Path = tuple[str, ...]
"""A field as conditions name it, such as `("customer", "counts", "Product Viewed")`."""
R = TypeVar("R")


class Watch(Generic[R]):
    """Readers by the fields of the customer that they read, two names deep.

    A reader is told of more than it asked for where its field lies deeper, never of less.
    """

    def __init__(self, readers: Iterable[tuple[R, Iterable[Path]]]) -> None:
        self._wholly: defaultdict[str, set[R]] = defaultdict(set)
        self._partly: defaultdict[str, defaultdict[str, set[R]]] = defaultdict(_sets)
        for reader, fields in readers:
            for root, *path in fields:
                if root == "customer":
                    self._add(reader, path)
        self._names = tuple({**self._wholly, **self._partly})

    def _add(self, reader: R, path: Sequence[str]) -> None:
        if len(path) > 1:
            self._partly[path[0]][path[1]].add(reader)
            return
        for name in path or Customer.__struct_fields__:
            self._wholly[name].add(reader)

    def concerned(self, before: Collection[Customer], after: Customer) -> set[R]:
        """Those who read something that is not as it was; of two who became one, as it was with either."""
        found: set[R] = set()
        for known in before:
            for name in self._names:
                old, new = getattr(known, name), getattr(after, name)
                if old is new or old == new:
                    continue
                found |= self._wholly.get(name, _NOBODY)
                if name in self._partly:
                    found.update(*_changed(self._partly[name], old, new))
        return found


def _changed(parts: Mapping[str, set[R]], old: Any, new: Any) -> Iterable[set[R]]:
    """The readers of each part that is another one."""
    if isinstance(old, dict) and isinstance(new, dict):
        # There may be more to ask for than there is.
        names = parts if len(parts) < len(new) else new.keys() | old.keys()
        return (parts[n] for n in names if n in parts and old.get(n) != new.get(n))
    return (who for n, who in parts.items() if getattr(old, n, None) != getattr(new, n, None))


def _sets() -> defaultdict[str, set[R]]:
    return defaultdict(set)


_NOBODY: frozenset[Any] = frozenset()
