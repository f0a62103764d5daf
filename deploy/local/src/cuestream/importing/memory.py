"""What is remembered of a file: up to which line everything is settled, so that whoever was interrupted goes on there."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import IO

import msgspec

from cuestream.failures import UsageError

_CHUNK = 1024 * 1024


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """How far a file is imported."""

    file: str
    kind: str
    workspace: str
    target: str
    line: int = 0
    """Every line up to this one was acknowledged, or told as bad."""
    accepted: int = 0
    left_out: int = 0
    done: bool = False


class Memory:
    """Files by their hash, in a folder; written whole or not at all.

    It is written after the acknowledgement. Who is killed in between sends the last lines once more, under the same ids.
    """

    def __init__(
        self, folder: Path, *, digest: str, kind: str, workspace: str, target: str
    ) -> None:
        of = hashlib.sha256("\n".join((digest, kind, workspace, target)).encode()).hexdigest()
        self._path = folder / f"{of[:32]}.json"
        self._new = Settled(file="", kind=kind, workspace=workspace, target=target)

    def read(self, file: Path) -> Settled:
        """What is known of the file; nothing, when it is new.

        Raises:
            UsageError: the memory itself cannot be read.
        """
        if not self._path.exists():
            return msgspec.structs.replace(self._new, file=str(file))
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Settled)
        except (msgspec.MsgspecError, OSError) as error:
            raise UsageError(
                f"{self._path} cannot be read.", "Delete it to begin with the first line again."
            ) from error

    def write(self, settled: Settled) -> None:
        """Keep it, also if the machine stops now."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".draft")
        with draft.open("wb") as file:
            file.write(msgspec.json.encode(settled))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)


def digest_of(file: IO[bytes]) -> str:
    """The SHA-256 of what the file holds; reading begins at its start again."""
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
