"""From what somebody typed to what is asked: the workspace, and the version that is tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from common.configuration import (
    ConfigurationError,
    Content,
    Release,
    load_directory,
    load_playbooks,
)
from common.documents import DocumentError
from common.recovery.history import Releases
from cuestream.failures import UsageError
from cuestream.whatif.question import Candidate, Question
from cuestream.whatif.supposing import newest, with_candidate
from orchestrator.consumer import check_playbooks
from orchestrator.domain.library import KIND


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed."""

    playbook: str
    folder: Path | None = None
    """Holds workspaces/ and playbooks/ as they would be published."""
    version: str | None = None
    """The beginning of the hash of one that was published."""
    workspace: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def choose(wish: Wish, releases: Releases) -> Question:
    """What is asked, of all that was ever published.

    Raises:
        UsageError: there is no such workspace, playbook or version, it is not certain which, or the candidate is wrong.
    """
    current = {
        name: releases.at({name: number}).releases[name]
        for name, number in newest(releases).items()
    }
    release = current[_workspace(wish, list(current.values()))]
    candidate = _candidate(wish, release, releases)
    if candidate is None and not _has(release, wish.playbook):
        raise UsageError(f"{release.workspace} has no playbook {wish.playbook}{_known(release)}.")
    if candidate is not None:
        _check(with_candidate(release, candidate))
    return Question(release.workspace, wish.playbook, candidate, wish.since, wish.until)


def _workspace(wish: Wish, releases: Sequence[Release]) -> str:
    names = sorted(release.workspace for release in releases)
    if wish.workspace is not None:
        if wish.workspace not in names:
            known = f"There are {', '.join(names)}." if names else "Nothing was published yet."
            raise UsageError(f"There is no workspace {wish.workspace}.", known)
        return wish.workspace
    having = sorted(one.workspace for one in releases if _has(one, wish.playbook))
    found = having or names
    if len(found) != 1:
        told = f"{', '.join(found)} have it" if having else f"no workspace has {wish.playbook}"
        raise UsageError(f"In which workspace? {told}.", "Say --workspace NAME.")
    return found[0]


def _has(release: Release, playbook: str) -> bool:
    return release.one(KIND, playbook) is not None


def _known(release: Release) -> str:
    names = sorted(content.name for content in release.all(KIND))
    return f"; it has {', '.join(names)}" if names else ""


def _candidate(wish: Wish, release: Release, releases: Releases) -> Candidate | None:
    if wish.version is not None:
        return Candidate(_published(wish.playbook, wish.version, releases))
    return None if wish.folder is None else _in_folder(wish.folder, wish.playbook, release)


def _published(playbook: str, version: str, releases: Releases) -> Content:
    own = [one for one in releases.contents if (one.kind, one.name) == (KIND, playbook)]
    found = [one for one in own if one.hash.startswith(version)]
    if len(found) != 1:
        which = "is not clear" if found else "never was"
        hashes = ", ".join(sorted(one.hash[:8] for one in found or own))
        raise UsageError(f"{playbook}@{version} {which}.", f"There are {hashes or 'none'}.")
    return found[0]


def _in_folder(folder: Path, playbook: str, release: Release) -> Candidate:
    """The folder's playbook, and its file of the workspace where it has one."""
    try:
        found = load_playbooks(folder)
        workspaces = load_directory(folder)
    except ConfigurationError as error:
        raise UsageError(
            "The folder has mistakes.", *(str(one) for one in error.problems)
        ) from error
    if playbook not in found:
        raise UsageError(
            f"{folder} has no playbook {playbook}.", f"It has {', '.join(sorted(found))}."
        )
    own = workspaces.get(release.workspace, ())
    workspace = next((one for one in own if one.kind == "workspace"), None)
    return Candidate(found[playbook][0], workspace)


def _check(release: Release) -> None:
    try:
        check_playbooks(release)
    except DocumentError as error:
        raise UsageError(f"The candidate is wrong: {error.detail}") from error
