"""What several tests of the edge begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.dispatcher.tests.edge import World, edge_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with edge_world() as world:
        yield world
