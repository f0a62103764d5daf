"""One whole stack for all chain tests: real Kafka, PostgreSQL, mailbox and every process."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.compat.tools import Node, find_node
from tests.e2e.canary import sending as canary
from tests.e2e.connect import pages
from tests.e2e.stack import ROOT, Stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="cuestream-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL may run as another user
        running = Stack(folder / "stack", secrets={**pages.exported(), **canary.SECRETS})
        running.cuestream("up", "--detach", seconds=300)
        try:
            yield running
        finally:
            running.cuestream("down", seconds=60)


@pytest.fixture(scope="session")
def shop(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration with the sources that webhooks need and a tracking plan, in force."""
    folder = tmp_path_factory.mktemp("shop")
    for name in ("workspaces", "playbooks", "models"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / ".cuestream").symlink_to(stack.data)
    _add_sources(folder / "workspaces/default.yaml", pages.sources())
    _add_sources(folder / "workspaces/demo.yaml", canary.sources())
    (folder / "tracking").mkdir()
    (folder / "tracking/demo.yaml").write_text(canary.PLAN)
    stack.cuestream("apply", str(folder), "--yes")
    return folder


def _add_sources(file: Path, sources: Mapping[str, Any]) -> None:
    workspace = yaml.safe_load(file.read_text())
    workspace["sources"] |= sources
    file.write_text(yaml.safe_dump(workspace, allow_unicode=True))


@pytest.fixture(scope="session")
def node() -> Callable[[], Node]:
    """Looked for by the first who needs it."""
    return cache(find_node)
