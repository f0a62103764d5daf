"""The unmodified SDKs for servers, each driven in the same way."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import rudderstack.analytics.client
import segment.analytics.client

from tests.compat.calls import Call
from tests.compat.tools import HERE, Node

_PATIENCE = 120.0


class Sdk(Protocol):
    """One client of one SDK."""

    def say(self, calls: Sequence[Call]) -> None:
        """Give it calls; it sends them when it likes to."""

    def close(self) -> list[str]:
        """Have it hand over all it was given, and end; returns what it says was not delivered."""

    def abandon(self) -> None:
        """End it, if it has not ended yet, whatever it still holds."""


class PythonSdk:
    """Segment's and RudderStack's have the same methods."""

    def __init__(self, client: Callable[..., Any], url: str, key: str) -> None:
        self._failed: list[str] = []
        # Ten tries by default; Kafka may be away for longer on a busy machine.
        self._client = client(
            key, host=url, gzip=True, max_retries=30, on_error=self._note, upload_interval=0.1
        )

    def _note(self, error: Exception, batch: Sequence[object]) -> None:
        self._failed.append(f"{len(batch)}: {error}")

    def say(self, calls: Sequence[Call]) -> None:
        for call in calls:
            taken, _ = getattr(self._client, call.kind)(**call.in_python)
            assert taken, "its queue is full"

    def close(self) -> list[str]:
        self._client.flush()
        self._client.join()
        return self._failed

    def abandon(self) -> None:
        for consumer in self._client.consumers:
            consumer.pause()


class NodeSdk:
    """A process of Node with one of its SDKs."""

    def __init__(self, node: Node, which: str, url: str, key: str) -> None:
        self._process = subprocess.Popen(
            [node.binary, HERE / "speak.cjs", which, url, key],
            env=node.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def say(self, calls: Sequence[Call]) -> None:
        assert self._process.stdin is not None
        for call in calls:
            self._process.stdin.write(json.dumps({"call": call.kind, **call.members}) + "\n")
        self._process.stdin.flush()

    def close(self) -> list[str]:
        printed, _ = self._process.communicate(timeout=_PATIENCE)
        failed: list[str] = json.loads(printed[printed.rindex("[") :])
        return failed

    def abandon(self) -> None:
        self._process.kill()
        self._process.__exit__(None, None, None)  # closes its pipes and waits for it


Start = Callable[[str, str], Sdk]
"""Starts the SDK of a source, pointed at an address."""

SDKS: Mapping[str, Callable[[Callable[[], Node], str, str], Sdk]] = {
    "segment-python": lambda _, url, key: PythonSdk(segment.analytics.client.Client, url, key),
    "rudder-python": lambda _, url, key: PythonSdk(rudderstack.analytics.client.Client, url, key),
    "segment-node": lambda node, url, key: NodeSdk(node(), "segment", url, key),
    "rudder-node": lambda node, url, key: NodeSdk(node(), "rudder", url, key),
}
