"""The stack that the chain tests share, with a workspace for the SDKs on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.compat.browser import page_server
from tests.compat.recorder import Recorder, recording
from tests.compat.sdks import SDKS, Sdk, Start
from tests.compat.site import Site, key_of
from tests.compat.tools import Node
from tests.e2e.stack import Stack


@pytest.fixture(scope="session")
def origin(node: Callable[[], Node]) -> Iterator[str]:
    with page_server(lambda: node().packages / "@segment/analytics-next/dist/umd") as found:
        yield found


@pytest.fixture(scope="session")
def site(stack: Stack, tmp_path_factory: pytest.TempPathFactory, origin: str) -> Site:
    found = Site(stack, tmp_path_factory.mktemp("sdks"), origin, tuple(SDKS))
    found.publish()
    found.begin()
    return found


@pytest.fixture
def start(node: Callable[[], Node]) -> Iterator[Start]:
    """None of those that it starts outlives the test."""
    with ExitStack() as stack:

        def begin(source: str, url: str) -> Sdk:
            sdk = SDKS[source](node, url, key_of(source))
            stack.callback(sdk.abandon)
            return sdk

        yield begin


@pytest.fixture
def recorder(stack: Stack) -> Iterator[Recorder]:
    with recording(stack.endpoints["ingest"]) as found:
        yield found
