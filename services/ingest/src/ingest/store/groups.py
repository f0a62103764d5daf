"""Which signals belong together: those that share, directly or through others, an identifier, a profile or an event id."""

from __future__ import annotations

from collections.abc import Hashable, Iterable


class Groups:
    """Disjoint sets (union by attaching, with path halving)."""

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}

    def connect(self, nodes: Iterable[Hashable]) -> None:
        """All of these belong to one group from now on."""
        first: Hashable | None = None
        for node in nodes:
            root = self.root(node)
            if first is None:
                first = root
            elif root != first:
                self._parent[root] = first

    def root(self, node: Hashable) -> Hashable:
        """The node that stands for the group; a new node is a group of its own."""
        parent = self._parent.setdefault(node, node)
        while parent != node:
            grandparent = self._parent[parent]
            self._parent[node] = grandparent
            node, parent = grandparent, self._parent[grandparent]
        return node
