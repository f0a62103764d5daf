"""Who is meant by `user:ID`, `anon:ID`, `email:ADDRESS`, another id as `KIND:ID`, or a profile's id."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cuestream.failures import CommandError, FindingError, UsageError
from cuestream.reaching.caller import Caller, calling
from cuestream.reaching.installation import Installation

FORM = re.compile(r"[a-z][a-z0-9_]{0,39}:.")
"""`user:ID`, or an id of any other kind: which ones link is the workspace's matter."""


@dataclass(frozen=True, slots=True)
class Person:
    """A profile, and what resolve knows of who it is."""

    profile_id: UUID
    workspace: str | None
    known: dict[str, Any] = field(default_factory=dict)


async def find_person(installation: Installation, reference: str, workspace: str | None) -> Person:
    """The profile that is meant; without a workspace, in whichever one knows it.

    Raises:
        UsageError: the reference has no known form, or several workspaces know it.
        FindingError: nobody is known by it.
        UnreachableError: resolve or the orchestrator does not answer.
    """
    profile_id = _uuid(reference)
    if profile_id is None and FORM.match(reference) is None:
        raise UsageError(
            f"{reference} names no profile.",
            "Say user:ID, anon:ID, email:ADDRESS, phone:NUMBER, KIND:ID or a profile’s id.",
        )
    if profile_id is not None:
        return await _named(installation, profile_id, workspace)
    people = await _look_up(installation, reference, workspace)
    if not people:
        where = "any workspace" if workspace is None else f"the workspace {workspace}"
        raise FindingError(f"Nobody is known as {reference} in {where}.")
    if len(people) > 1:
        found = ", ".join(f"{person.profile_id} ({person.workspace})" for person in people)
        raise UsageError(
            f"{reference} is known more than once: {found}.", "Name one with --workspace or its id."
        )
    return people[0]


async def _named(installation: Installation, profile_id: UUID, workspace: str | None) -> Person:
    """The story of a profile can be told also where nobody can say who it is."""
    try:
        people = await _look_up(installation, str(profile_id), workspace)
    except CommandError:
        people = []
    return people[0] if people else Person(profile_id, workspace)


async def _look_up(
    installation: Installation, reference: str, workspace: str | None
) -> list[Person]:
    names = await _workspaces(installation) if workspace is None else [workspace]
    async with calling(installation, "resolve") as resolve:
        people = [person for name in names for person in await _known(resolve, reference, name)]
    return list({person.profile_id: person for person in people}.values())


async def _known(resolve: Caller, reference: str, workspace: str) -> list[Person]:
    answer = await resolve.find("/v1/profiles", ref=reference, workspace=workspace)
    return [
        Person(UUID(profile["profile_id"]), profile["workspace"], profile)
        for profile in (answer or {}).get("profiles", ())
    ]


async def _workspaces(installation: Installation) -> list[str]:
    async with calling(installation, "orchestrator") as orchestrator:
        return [release["workspace"] for release in await orchestrator.get("/v1/configuration")]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
