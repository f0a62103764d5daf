"""A disk that can be full: PostgreSQL's folder on a file system of limited size, which only root can have."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cuestream.stack.pytest_plugin import require

NAME = "a disk that can be full"


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A mounted file system."""

    folder: Path

    @contextmanager
    def full(self) -> Iterator[None]:
        """Not one byte is left for the block."""
        filler = self.folder / "filler"
        try:
            with filler.open("wb") as file:
                _fill(file.fileno())
            yield
        finally:
            filler.unlink(missing_ok=True)


def _fill(file: int) -> None:
    """Others write meanwhile, so what is free cannot be asked for: take pieces until not even a small one is left."""
    taken = 0
    for piece in (1 << 26, 1 << 20, 1 << 12):
        while True:
            try:
                os.posix_fallocate(file, taken, piece)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                break
            taken += piece


@contextmanager
def small_disk_at(folder: Path, size: int) -> Iterator[SmallDisk]:
    """Mount one for the block; where that is not allowed, the test is listed as not run."""
    if (refused := _mount(folder, size)) is not None:
        require(NAME, refused)
    try:
        yield SmallDisk(folder)
    finally:
        _run("umount", "--lazy", str(folder))


def refusal() -> str | None:
    """Why there cannot be one here; None where there can."""
    with tempfile.TemporaryDirectory() as name:
        refused = _mount(Path(name), 1 << 20)
        _run("umount", "--lazy", name)
        return refused


def _mount(folder: Path, size: int) -> str | None:
    folder.mkdir(parents=True, exist_ok=True)
    done = _run("mount", "-t", "tmpfs", "-o", f"size={size},mode=0711", "cuestream", str(folder))
    return None if done.returncode == 0 else done.stderr.strip() or "mounting needs root"


def _run(*argv: str) -> subprocess.CompletedProcess[str]:
    if shutil.which(argv[0]) is None:
        return subprocess.CompletedProcess(argv, 1, stderr=f"there is no {argv[0]}")
    return subprocess.run(argv, capture_output=True, text=True, check=False)
