"""The public conformance cases of CEL, from the package that carries them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.compat.tools import Node

PACKAGE = "@bufbuild/cel-spec/testdata/conformance.js"
_PRINT = f"process.stdout.write(JSON.stringify(require('{PACKAGE}').tests))"


@dataclass(frozen=True, slots=True)
class Case:
    """One expression, and what comes of it."""

    name: str
    """File, section and case, with slashes between."""
    said: Mapping[str, Any]

    @property
    def expression(self) -> str:
        return str(self.said["expr"])

    @property
    def fails(self) -> bool:
        return "evalError" in self.said

    @property
    def expected(self) -> Mapping[str, Any]:
        """True where nothing is said."""
        typed = self.said.get("typedResult", {})
        found: Mapping[str, Any] = self.said.get("value") or typed.get("result") or {}
        return found or {"boolValue": True}


def read_cases(node: Node) -> list[Case]:
    done = subprocess.run(
        [node.binary, "-e", _PRINT],
        env=node.environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return list(_cases(json.loads(done.stdout), ()))


def _cases(suite: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Case]:
    for test in suite.get("tests", ()):
        said = test["original"]
        yield Case("/".join((*path, said["name"])), said)
    for inner in suite.get("suites", ()):
        yield from _cases(inner, (*path, inner["name"]))
