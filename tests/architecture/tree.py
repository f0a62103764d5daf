"""The repository as the checks see it: its files, its modules, and the words in their names."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVICES = ("ingest", "scoring", "orchestrator", "dispatcher")
SOURCES = {
    "common": ROOT / "libs/common/src/common",
    "cuestream": ROOT / "deploy/local/src/cuestream",
    **{name: ROOT / f"services/{name}/src/{name}" for name in SERVICES},
}


@dataclass(frozen=True)
class File:
    """One file of the repository; `name` is its path from the root."""

    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def is_test(self) -> bool:
        return "tests" in Path(self.name).parts

    @property
    def is_module(self) -> bool:
        """True for what is installed with a distribution."""
        return self.name.endswith(".py") and "/src/" in self.name


@cache
def files(root: Path = ROOT) -> tuple[File, ...]:
    """Every text file that git keeps or would keep; generated and vendored ones too."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        check=True,
    ).stdout.decode()
    found = []
    for name in sorted(filter(None, listed.split("\0"))):
        path = root / name
        if path.is_file() and (text := _text(path)) is not None:
            found.append(File(name, text))
    return tuple(found)


def _text(path: Path) -> str | None:
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return None


def python_files(root: Path = ROOT) -> list[File]:
    return [file for file in files(root) if file.name.endswith(".py")]


def modules(root: Path = ROOT) -> list[File]:
    return [file for file in files(root) if file.is_module]


def words(identifier: str) -> list[str]:
    """`lead_score`, `LeadScore` and `leadScore` are all the words lead and score."""
    parts = re.sub(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])", r"\1\3 \2\4", identifier)
    return [word.lower() for word in re.split(r"[\W_]+", parts) if word]


def identifiers(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name that the code gives to something, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno


def strings(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every string that is not a docstring, with its line."""
    said = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value, node.lineno
