"""Who has to be asked when a customer changes: with a thousand playbooks, most read nothing of what did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, Generic, NamedTuple, TypeVar

from common.customer import Customer

Path = tuple[str, ...]
"""A field as conditions name it, such as `("customer", "counts", "Product Viewed")`."""
R = TypeVar("R")
COMPUTED: Final = {"rhythm": "active_days"}
"""What is no field itself, and the one that it follows from."""
_NAMES = Customer.__struct_fields__
_values = attrgetter(*_NAMES)


class Change(NamedTuple):
    """A field of the customer that is not as it was."""

    name: str
    old: Any
    new: Any


def changes(before: Collection[Customer], after: Customer) -> Sequence[Change]:
    """What is not as it was; of two who became one, as it was with either."""
    new = _values(after)
    return [
        Change(name, was, now)
        for known in before
        for name, was, now in zip(_NAMES, _values(known), new, strict=True)
        if was is not now and was != now
    ]


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

    def _add(self, reader: R, path: Sequence[str]) -> None:
        if len(path) > 1 and path[0] not in COMPUTED:
            self._partly[path[0]][path[1]].add(reader)
            return
        for name in path[:1] or _NAMES:
            self._wholly[COMPUTED.get(name, name)].add(reader)

    def concerned(self, changed: Iterable[Change]) -> set[R]:
        """Those who read something of what is not as it was."""
        found: set[R] = set()
        for name, old, new in changed:
            if name in self._wholly:
                found |= self._wholly[name]
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
