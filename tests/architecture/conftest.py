"""All checks of this folder read the repository once, and forget it after the last of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.architecture.tree import files


@pytest.fixture(scope="package", autouse=True)
def _forgotten_afterwards() -> Iterator[None]:
    yield
    files.cache_clear()  # the trees of a thousand files: every later collection of garbage would look at them
