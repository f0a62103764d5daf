"""What compiled expressions call where Python's own operators would mean something else than CEL's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType

from common.conditions.operations import (
    arithmetic,
    comparison,
    containers,
    conversions,
    logic,
    patterns,
    texts,
    times,
)
from common.conditions.operations.failures import FAILURES


def _offered(*modules: ModuleType) -> Iterator[tuple[str, object]]:
    for module in modules:
        for name, value in vars(module).items():
            own = getattr(value, "__module__", "") == module.__name__
            if own and callable(value) and not name.startswith("_"):
                yield name, value


OPERATIONS: Mapping[str, object] = dict(
    _offered(arithmetic, comparison, containers, conversions, logic, patterns, texts, times)
)
"""All that compiled code can reach."""

__all__ = ["FAILURES", "OPERATIONS"]
