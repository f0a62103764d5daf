"""A disk that can be full: PostgreSQL's folder on a file system of limited size, which only root can have."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cuestream.stack.pytest_plugin import require


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
                os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(self.folder).free)
            yield
        finally:
            filler.unlink(missing_ok=True)


@contextmanager
def small_disk_at(folder: Path, size: int) -> Iterator[SmallDisk]:
    """Mount one for the block; where that is not allowed, the test is listed as not run."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = _run("mount", "-t", "tmpfs", "-o", f"size={size},mode=0711", "cuestream", str(folder))
    if mounted.returncode != 0:
        require("a disk that can be full", mounted.stderr.strip() or "mounting needs root")
    try:
        yield SmallDisk(folder)
    finally:
        _run("umount", "--lazy", str(folder))


def _run(*argv: str) -> subprocess.CompletedProcess[str]:
    if shutil.which(argv[0]) is None:
        return subprocess.CompletedProcess(argv, 1, stderr=f"there is no {argv[0]}")
    return subprocess.run(argv, capture_output=True, text=True, check=False)
