"""One whole stack for all chain tests: real Kafka, PostgreSQL, mailbox and every process."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import Stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="cuestream-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL may run as another user
        running = Stack(folder / "stack")
        running.cuestream("up", "--detach", seconds=300)
        try:
            yield running
        finally:
            running.cuestream("down", seconds=60)
