"""A world per test: a fresh, migrated schema, a log in memory, an SMTP server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from common.postgres import Database, migrate
from common.testing.log import FakeLog
from common.testing.smtp import scripted_smtp_server
from services.dispatcher.tests.integration.world import World


@pytest.fixture
async def world(database: Any) -> AsyncIterator[World]:
    url = database.of("dispatcher")
    await migrate("dispatcher.migrations", url)
    async with (
        Database.connect(url, schema="dispatcher", application_name="test") as connected,
        scripted_smtp_server() as smtp,
    ):
        yield World(FakeLog(2), connected, smtp)
