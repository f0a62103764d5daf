"""What the pages of docs/connect tell their readers to type, block by block."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PAGES = Path(__file__).parents[3] / "docs/connect"
WORKSPACE = "# workspaces/default.yaml\n"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SECRET = re.compile(r"^export (\w+)=('[^']*')", re.MULTILINE)
_PRINTS = ("json", "text")


@dataclass(frozen=True)
class Block:
    """One fenced block; `printed` is the block right after it, where the page shows what comes out."""

    language: str
    text: str
    kind: str = ""
    printed: str = ""

    def fits(self, output: str) -> bool:
        """Whether it came out so; `…` in a text stands for anything."""
        if self.kind == "json":
            return bool(yaml.safe_load(output or "null") == yaml.safe_load(self.printed))
        parts = (re.escape(part.strip("\n")) for part in self.printed.split("…"))
        found = re.search(r"(?:.|\n)*?".join(parts), output)
        return found is not None


def blocks(page: str) -> list[Block]:
    """In their order, each with what it is said to print."""
    text = (PAGES / page).read_text()
    found: list[Block] = []
    end = 0
    for match in _BLOCK.finditer(text):
        follows = found and not text[end : match.start()].strip() and not found[-1].kind
        if follows and match[1] in _PRINTS:
            found[-1] = Block(found[-1].language, found[-1].text, match[1], match[2])
        else:
            found.append(Block(match[1], match[2]))
        end = match.end()
    return found


def exported() -> Mapping[str, str]:
    """The secrets that pages have set where `ingest api` runs."""
    return {
        name: shlex.split(value)[0]
        for page in sorted(PAGES.glob("*.md"))
        for name, value in _SECRET.findall(page.read_text())
    }


def sources() -> dict[str, Any]:
    """The sources that pages have entered into the workspace."""
    return {
        name: source
        for page in sorted(PAGES.glob("*.md"))
        for block in blocks(page.name)
        if block.text.startswith(WORKSPACE)
        for name, source in yaml.safe_load(block.text)["sources"].items()
    }
