"""Changes a workspace's file and publishes it at once: the file and what is in force stay the same thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.configuration import Content
from cuestream.commands.apply import ask, read
from cuestream.console import ERR
from cuestream.failures import CommandError, UnreachableError, UsageError
from cuestream.reaching.caller import Caller, calling
from cuestream.reaching.installation import Installation

Edit = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Place:
    """Which workspace's file is meant."""

    directory: Path
    workspace: str

    @property
    def file(self) -> Path:
        return self.directory / "workspaces" / f"{self.workspace}.yaml"

    def text(self) -> str:
        """The file as it is.

        Raises:
            UsageError: there is none, or it is not UTF-8; it would be written back changed.
        """
        if not self.file.is_file():
            raise UsageError(
                f"There is no {self.file}.",
                "Name the folder with --dir, the workspace with --workspace.",
            )
        try:
            return self.file.read_bytes().decode()
        except UnicodeDecodeError as error:
            raise UsageError(f"{self.file} is not UTF-8.") from error

    def write(self, text: str) -> None:
        """Replace the file as a whole, so that nobody reads half of it."""
        beside = self.file.with_suffix(".yaml.new")
        beside.write_bytes(text.encode())
        beside.replace(self.file)

    def contents(self) -> tuple[Content, ...]:
        """What the folder holds for the workspace.

        Raises:
            ProblemsError: with everything that is wrong in it.
        """
        return read(self.directory)[self.workspace]


async def publish(
    installation: Installation, place: Place, edit: Edit, *, pending: bool
) -> int | None:
    """Change the file and publish it; returns the number of the release, None where nobody can say whether there is one.

    What else is in the folder is not published along with it, unless `pending` says so. Where it was not published, the
    file is as it was; where that is not known it is changed, so that `apply` makes sure of it.

    Raises:
        UsageError: the folder holds something else that is not in force, or the change is refused.
        UnreachableError: the orchestrator does not answer, and the change is not in force.
    """
    before = place.text()
    after = edit(before)
    async with calling(installation, "orchestrator") as orchestrator:
        in_force = await _in_force(orchestrator, place.workspace)
        if not pending:
            _check_nothing_else(place, in_force)
        place.write(after)
        try:
            applied = await ask(
                orchestrator,
                "apply",
                {place.workspace: place.contents()},
                live=bool(in_force.get("live")),
                expected={place.workspace: int(in_force.get("number", 0))},
            )
        except UnreachableError as error:
            return await _settled(orchestrator, place, before, error)
        except CommandError:
            place.write(before)
            raise
    return _number(applied["releases"])


async def _settled(
    orchestrator: Caller, place: Place, before: str, lost: UnreachableError
) -> int | None:
    """Whether it was published although nobody said so; None where it cannot be found out."""
    try:
        in_force = await _in_force(orchestrator, place.workspace)
    except CommandError:
        return None
    number = int(in_force.get("number", 0))
    if _holds(place, in_force):
        ERR.print(f"{lost.message} Release {number} is published all the same.", markup=False)
        return number
    place.write(before)
    raise UnreachableError(
        lost.message,
        f"It is not published: {place.workspace} is at release {number}, and {place.file} is as it was.",
        *lost.remedies,
    ) from lost


def _number(releases: Sequence[Mapping[str, Any]]) -> int:
    return int(releases[0]["number"])


async def _in_force(orchestrator: Caller, workspace: str) -> Mapping[str, Any]:
    releases: Sequence[Mapping[str, Any]] = await orchestrator.get("/v1/configuration")
    return next((found for found in releases if found["workspace"] == workspace), {})


def _holds(place: Place, in_force: Mapping[str, Any]) -> bool:
    """Whether what the folder holds is what is in force."""
    return {content.key for content in place.contents()} == set(in_force.get("contents", ()))


def _check_nothing_else(place: Place, in_force: Mapping[str, Any]) -> None:
    if not _holds(place, in_force):
        raise UsageError(
            f"{place.directory} holds changes of {place.workspace} that are not in force.",
            f"Publish them with `cuestream apply {place.directory}`, or along with the key: --pending.",
        )
