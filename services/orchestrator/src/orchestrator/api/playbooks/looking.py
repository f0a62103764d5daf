"""Looks at the playbooks: what is in force, what it says, and who is under way in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from common.configuration import Content, Release, workspace_of
from common.documents import format_duration
from common.errors import PermanentError
from orchestrator.api.playbooks.shapes import Listed, People, Person, Resting, Told
from orchestrator.domain.journey import Journey
from orchestrator.domain.library import KIND, Library
from orchestrator.domain.parameters import ParameterValue
from orchestrator.domain.picture import draw
from orchestrator.domain.picture.saying import begins
from orchestrator.ports.publication import Publications, UnderWay
from orchestrator.ports.roster import Cursor, Guest, Roster

UNKNOWN: Final = "unknown_playbook"


@dataclass(frozen=True, slots=True)
class InWorkspace:
    """One playbook in one workspace, with every version on which somebody is."""

    name: str
    release: Release
    content: Content | None
    """In force; None: passages only finish."""
    library: Library
    rows: Sequence[UnderWay]

    @property
    def listed(self) -> Listed:
        return _listed(self.release, self.name, self.rows)

    def journey(self, version: str | None = None) -> Journey | None:
        """The version, or the one in force; None: it is not there, or cannot be read."""
        hash_ = version or (self.content.hash if self.content else "")
        try:
            return self.library.version(self.name, hash_)
        except PermanentError:
            return None

    def step(self, version: str, place: int) -> tuple[str, str]:
        """A step's id and kind; of a version that cannot be read, its place."""
        journey = self.journey(version)
        if journey is None or place >= len(journey.steps):
            return str(place), ""
        placed = journey.steps[place]
        return placed.id, placed.step.KIND


class Look:
    """Reads the store, and puts what it says into words."""

    def __init__(self, publications: Publications, roster: Roster) -> None:
        self._publications = publications
        self._roster = roster

    async def all(self, workspace: str | None) -> list[Listed]:
        """Every playbook that is in force, or in which somebody is under way.

        Raises:
            TransientError: the store cannot be reached.
        """
        rows: defaultdict[tuple[str, str], list[UnderWay]] = defaultdict(list)
        for row in await self._roster.under_way(workspace):
            rows[row.workspace, row.playbook].append(row)
        found: list[Listed] = []
        for name, release in sorted((await self._publications.current()).items()):
            if workspace in (None, name):
                active = {content.name for content in release.all(KIND)}
                leaving = {playbook for where, playbook in rows if where == name}
                found += [
                    _listed(release, one, rows[name, one]) for one in sorted(active | leaving)
                ]
        return found

    async def of(self, workspace: str, name: str) -> InWorkspace:
        """One playbook.

        Raises:
            PermanentError: `unknown_playbook`.
            TransientError: the store cannot be reached.
        """
        release = (await self._publications.current()).get(workspace)
        if release is None:
            raise PermanentError(UNKNOWN, f"there is no workspace {workspace}")
        rows = await self._publications.under_way(workspace, [name])
        content = next((one for one in release.all(KIND) if one.name == name), None)
        if content is None and not rows:
            active = ", ".join(one.name for one in release.all(KIND))
            detail = f"{name} is not in force in {workspace}; there are {active or 'none'}"
            raise PermanentError(UNKNOWN, detail)
        known = {one.key: one for one in release.contents}
        known |= await self._publications.contents({f"{KIND}/{name}@{r.version}" for r in rows})
        settings = workspace_of(release)
        zone = ZoneInfo(settings.contact_policy.time_zone)
        library = Library((), known, settings.parameters, zone)
        return InWorkspace(name, release, content, library, rows)

    async def told(self, workspace: str, name: str) -> Told:
        """What a playbook says, and who waits where; raises as `of`."""
        found = await self.of(workspace, name)
        journey = found.journey()
        return Told(
            **found.listed.model_dump(),
            purpose=journey.purpose if journey else "",
            begins=begins(journey) if journey else [],
            parameters={n: _said(v) for n, v in journey.values.items()} if journey else {},
            files=found.content.files if found.content else {},
            waits=waits(found),
        )

    async def picture(self, workspace: str, name: str, version: str | None) -> str:
        """A version's journey as SVG, with how many wait where; raises as `of`."""
        found = await self.of(workspace, name)
        hash_ = version or (found.content.hash if found.content else "")
        journey = found.journey(hash_)
        if journey is None:
            raise PermanentError(UNKNOWN, f"nobody is on a version {hash_ or '(none)'} of {name}")
        return draw(journey, {r.step: r.count for r in found.rows if r.version == hash_})

    async def people(
        self,
        workspace: str,
        name: str,
        *,
        version: str | None,
        step: str | None,
        after: str | None,
        at_most: int,
    ) -> People:
        """A page of those who are under way on one version, the one in force without another; raises as `of`."""
        found = await self.of(workspace, name)
        hash_ = version or (found.content.hash if found.content else found.rows[0].version)
        guests = await self._roster.guests(
            workspace,
            name,
            version=hash_,
            step=None if step is None else _place(found, hash_, step),
            after=None if after is None else _cursor(after),
            at_most=at_most,
        )
        last = guests[-1] if len(guests) == at_most else None
        return People(
            people=[_person(guest, found) for guest in guests],
            next=None if last is None else f"{last.profile_id}.{last.enrollment_id}",
        )


def waits(found: InWorkspace) -> list[Resting]:
    """How many rest at which step, the version in force first."""
    current = found.content.hash if found.content else ""
    ordered = sorted(found.rows, key=lambda row: (row.version != current, row.version, row.step))
    return [
        Resting(
            version=row.version,
            step=step,
            kind=kind,
            count=row.count,
            held=row.held,
        )
        for row in ordered
        for step, kind in [found.step(row.version, row.step)]
    ]


def _listed(release: Release, name: str, rows: Sequence[UnderWay]) -> Listed:
    versions: Mapping[str, str] = {one.name: one.hash for one in release.all(KIND)}
    return Listed(
        workspace=release.workspace,
        playbook=name,
        version=versions.get(name),
        paused=name in release.paused,
        under_way=sum(row.count for row in rows),
        held=sum(row.held for row in rows),
    )


def _person(guest: Guest, found: InWorkspace) -> Person:
    step, kind = found.step(guest.version, guest.step)
    return Person(
        profile_id=guest.profile_id,
        enrollment_id=guest.enrollment_id,
        version=guest.version,
        step=step,
        kind=kind,
        entered_at=guest.entered_at,
        moved_at=guest.moved_at,
        held=guest.held,
    )


def _place(found: InWorkspace, version: str, step: str) -> int:
    journey = found.journey(version)
    places = {placed.id: place for place, placed in enumerate(journey.steps)} if journey else {}
    if step not in places:
        raise PermanentError(UNKNOWN, f"{found.name} has no step {step} in that version")
    return places[step]


def _cursor(text: str) -> Cursor:
    profile, _, enrollment = text.partition(".")
    try:
        return UUID(profile), UUID(enrollment)
    except ValueError as error:
        raise PermanentError("unreadable", "`after` is what a page before has given") from error


def _said(value: ParameterValue) -> str:
    return format_duration(value) if isinstance(value, timedelta) else str(value)
