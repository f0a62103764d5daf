"""Which configuration was in force when a batch ran, found again by the numbers in its journal record."""

from __future__ import annotations

from collections.abc import Mapping

from common.configuration import Configuration
from common.configuration.shelf import Shelf
from common.streaming.ports import Place
from tests.fault.history.model import History


class Releases:
    """Every configuration that the topic ever amounted to."""

    def __init__(self, history: History) -> None:
        self._known: dict[tuple[tuple[str, int], ...], Configuration] = {}
        shelf = Shelf()
        self._keep(shelf.settle())
        for item in history.records(Place("configuration", 0)):
            shelf.take((item.key or b"").decode(errors="replace"), item.value)
            self._keep(shelf.settle())

    def at(self, numbers: Mapping[str, int]) -> Configuration:
        """The one with these releases in force.

        Raises:
            LookupError: there never was one.
        """
        return self._known[tuple(sorted(numbers.items()))]

    def _keep(self, configuration: Configuration) -> None:
        numbers = {name: release.number for name, release in configuration.releases.items()}
        self._known.setdefault(tuple(sorted(numbers.items())), configuration)
