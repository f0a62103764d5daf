"""Remembers which one-shots are done, so that a later start does not repeat what cannot have changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

_SOURCES = {".py", ".yaml", ".sql", ".mako"}


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file in the folder that a one-shot works on: whoever removes the folder removes it too."""

    file: Path
    fingerprint: str

    def is_valid(self) -> bool:
        """True when the one-shot succeeded here with exactly this code."""
        return self.file.exists() and self.file.read_text() == self.fingerprint

    def leave(self) -> None:
        """It has succeeded."""
        self.file.write_text(self.fingerprint)


def fingerprint(packages: Iterable[str]) -> str:
    """A hash that changes with every change of these packages' files; names, sizes and times, not contents."""
    digest = sha256()
    for file in sorted(path for package in packages for path in _files(package)):
        state = file.stat()
        digest.update(f"{file} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _files(package: str) -> Iterator[Path]:
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations if spec is not None else None) or ():
        yield from (path for path in Path(folder).rglob("*") if path.suffix in _SOURCES)
