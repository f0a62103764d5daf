"""What an operator does about a playbook: enrol, cancel, pause, resume; each of it is written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from common import customer as view
from common.clock import Clock
from common.conditions import ConditionError, compile_condition
from common.configuration import workspace_of
from common.contracts.decisions import EnrollmentRequested, EnrollmentRevoked
from common.customer import ROOTS
from common.errors import PermanentError
from common.ids import derive
from orchestrator.api.playbooks.looking import UNKNOWN, Look
from orchestrator.api.playbooks.shapes import (
    Cancelling,
    Commanded,
    Enrolling,
    Pausing,
    Resuming,
    Selected,
    Selecting,
)
from orchestrator.api.publication.publishing import Publisher
from orchestrator.api.publication.shapes import Applied, Publication, SentContent, SentOverdue
from orchestrator.domain.triggers import Called
from orchestrator.ports.administration import Administration, Deed
from orchestrator.ports.commands import Command, Commands
from orchestrator.ports.publication import Publications
from orchestrator.ports.roster import Place, Roster

BY_HAND: Final = "Enrolled"
LARGEST: Final = 8 * 1024
"""Bytes of the properties of one call."""
PAGE: Final = 1_000
"""Customers that one question looks at."""


class Operator:
    """Carries out what the api is asked."""

    def __init__(
        self,
        look: Look,
        publications: Publications,
        publisher: Publisher,
        roster: Roster,
        commands: Commands,
        administration: Administration,
        clock: Clock,
    ) -> None:
        self._look = look
        self._publications = publications
        self._publisher = publisher
        self._roster = roster
        self._commands = commands
        self._administration = administration
        self._clock = clock

    async def enroll(self, name: str, asked: Enrolling, *, by: str) -> Commanded:
        """Ask that these profiles enter.

        Raises:
            PermanentError: `unknown_playbook`, or `too_large`.
            TransientError: the store or the log cannot be reached; the same request may be made again.
        """
        found = await self._look.of(asked.workspace, name)
        journey = found.journey()
        if found.content is None or journey is None:
            raise PermanentError(UNKNOWN, f"{name} is not in force in {asked.workspace}")
        if len(msgspec.json.encode(dict(asked.properties))) > LARGEST:
            raise PermanentError("too_large", f"more than {LARGEST // 1024} KiB of properties")
        called = (one.name for one in journey.triggers if isinstance(one, Called))
        payload = EnrollmentRequested(
            playbook=name,
            name=asked.name or next(called, BY_HAND),
            properties=dict(asked.properties),
            requested_by=by,
        )
        once = asked.request_id or self._clock().isoformat()
        commands = [
            Command(
                derive("enroll", asked.workspace, name, profile, once),
                asked.workspace,
                profile,
                payload,
            )
            for profile in asked.profiles
        ]
        return await self._command("enrollments.requested", name, commands, by)

    async def cancel(self, name: str, asked: Cancelling, *, by: str) -> Commanded:
        """Ask that what these profiles have under way in it ends; raises as `enroll`."""
        await self._look.of(asked.workspace, name)
        payload = EnrollmentRevoked(
            playbook=name, enrollment_id=asked.enrollment_id, requested_by=by
        )
        now = self._clock().isoformat()
        commands = [
            Command(
                derive("revoke", asked.workspace, name, profile, now),
                asked.workspace,
                profile,
                payload,
            )
            for profile in asked.profiles
        ]
        return await self._command("enrollments.revoked", name, commands, by)

    async def pause(self, name: str, asked: Pausing, *, by: str) -> Applied:
        """Publish the release in force once more, with the playbook paused; raises as `Publisher.apply`."""
        return await self._publish(asked.workspace, name, by, pause=True)

    async def resume(self, name: str, asked: Resuming, *, by: str) -> Applied:
        """The same, with the playbook going on."""
        return await self._publish(asked.workspace, name, by, resume=asked.overdue)

    async def select(self, asked: Selecting) -> Selected:
        """Those of the next thousand customers for whom a condition holds.

        Raises:
            PermanentError: `not_a_condition`, with where; `unreadable`, `after` is nobody's.
            TransientError: the store cannot be reached.
        """
        release = (await self._publications.current()).get(asked.workspace)
        segments = workspace_of(release).segments if release is not None else {}
        roots = {name: ROOTS[name] for name in ("customer", "now")}
        try:
            condition = compile_condition(segments.get(asked.where, asked.where), roots)
        except ConditionError as error:
            raise PermanentError("not_a_condition", str(error)) from error
        page = await self._roster.customers(asked.workspace, _place(asked.after), PAGE)
        now = self._clock()
        found = [
            place.profile_id
            for place, customer in page
            if customer is not None and condition({"customer": view.at(customer, now), "now": now})
        ]
        last = page[-1][0] if len(page) == PAGE else None
        return Selected(
            profiles=found,
            looked_at=len(page),
            next=None if last is None else f"{last.partition}.{last.profile_id}",
        )

    async def _command(
        self, what: str, name: str, commands: Sequence[Command], by: str
    ) -> Commanded:
        # Written down first: what was asked and not answered may have been carried out.
        detail: Mapping[str, Any] = {
            "workspace": commands[0].workspace,
            "playbook": name,
            "profiles": [str(command.profile_id) for command in commands],
        }
        await self._administration.note(Deed(self._clock(), by, what, detail))
        await self._commands.append(commands)
        return Commanded(commands=[command.id for command in commands])

    async def _publish(
        self,
        workspace: str,
        name: str,
        by: str,
        *,
        pause: bool = False,
        resume: SentOverdue | None = None,
    ) -> Applied:
        release = (await self._look.of(workspace, name)).release
        contents = tuple(
            SentContent(kind=one.kind, name=one.name, files=one.files) for one in release.contents
        )
        publication = Publication(
            workspaces={workspace: contents},
            live=release.live,
            expected={workspace: release.number},
            pause=(f"{workspace}/{name}",) if pause else (),
            resume={} if resume is None else {f"{workspace}/{name}": resume},
        )
        return await self._publisher.apply(publication, by=by)


def _place(after: str | None) -> Place | None:
    if after is None:
        return None
    partition, _, profile = after.partition(".")
    try:
        return Place(int(partition), UUID(profile))
    except ValueError as error:
        raise PermanentError("unreadable", "`after` is what a page before has given") from error
