"""The routes that tell a profile's story, explain its last ruling and show one decision."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Request

from common.clock import Clock
from orchestrator.api.access import Access
from orchestrator.api.story.entries import Entry, Story, Why
from orchestrator.api.story.gathering import gather
from orchestrator.api.story.standing import standing_of
from orchestrator.api.story.telling import TOPICS, about, entries_of
from orchestrator.api.story.why import why
from orchestrator.ports.history import History

Since = Annotated[datetime | None, Query(description="Look no farther back; without it, 30 days.")]
DEFAULT_SPAN = timedelta(days=30)
"""As long as activities are kept; what a story without `since` looks at."""


class Teller:
    """Reads the log and tells what it says."""

    def __init__(self, history: History, clock: Clock) -> None:
        self._history = history
        self._clock = clock

    async def story(
        self,
        profile_id: UUID,
        *,
        workspace: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Story:
        """Everything about one profile, with what was told of those that have become it.

        Raises:
            TransientError: the log cannot be reached.
        """
        since = since or self._clock() - DEFAULT_SPAN
        found = await gather(self._history, profile_id, TOPICS, since=since)
        entries = entries_of(found.records, workspace=workspace, until=until)
        return Story(
            profile_id=profile_id,
            workspace=workspace,
            since=since,
            merged=list(found.merged),
            merged_into=found.merged_into,
            complete=found.complete,
            standing=standing_of(entries, of=profile_id),
            entries=entries,
        )

    async def decision(self, decision_id: UUID, since: datetime | None) -> Entry | None:
        """One decision, wherever it is.

        Raises:
            TransientError: the log cannot be reached.
        """
        record = await self._history.decision(
            decision_id, since=since or self._clock() - DEFAULT_SPAN
        )
        return None if record is None else entries_of([record], workspace=None)[0]


def story_routes(teller: Teller, access: Access) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["explanations"])

    @router.get("/profiles/{profile_id}/story")
    async def story(
        request: Request,
        profile_id: UUID,
        workspace: str | None = None,
        since: Since = None,
        correlation_id: Annotated[
            UUID | None,
            Query(
                description="Only what this accepted event led to, and what became of the enrollments it moved."
            ),
        ] = None,
    ) -> Story:
        """Everything the log holds of one profile, in time order and in words."""
        await access.require(request, "read")
        told = await teller.story(profile_id, workspace=workspace, since=since)
        if correlation_id is None:
            return told
        return told.model_copy(update={"entries": about(told.entries, correlation_id)})

    @router.get("/profiles/{profile_id}/why")
    async def explain(
        request: Request,
        profile_id: UUID,
        workspace: str | None = None,
        playbook: str | None = None,
        at: Annotated[
            datetime | None, Query(description="As it was known at that instant; without it, now.")
        ] = None,
        since: Since = None,
    ) -> Why:
        """The last ruling on a profile and what led to it."""
        await access.require(request, "read")
        told = await teller.story(profile_id, workspace=workspace, since=since, until=at)
        answer = why(profile_id, told.entries, playbook=playbook, complete=told.complete)
        return answer.model_copy(update={"merged": told.merged, "merged_into": told.merged_into})

    @router.get("/decisions/{decision_id}")
    async def decision(request: Request, decision_id: UUID, since: Since = None) -> Entry:
        """One decision with every candidate and gate."""
        await access.require(request, "read")
        found = await teller.decision(decision_id, since)
        if found is None:
            raise HTTPException(404, "no such decision in that span")
        return found

    return router
