"""Holds against the tracking plan what passed no edge: foreign producers write straight to the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from common.contracts.ingestion import EDGE, EventAccepted
from common.errors import PermanentError
from ingest.domain.segment.calls import Call
from ingest.domain.tracking.guarding import Verdict, name_in_plan

Judge = Callable[[str, str, Mapping[str, Any]], Verdict]
"""What the workspace's plan says of a source's event with these properties."""


def planned_of(
    producer: str, payload: EventAccepted, calls: Sequence[Call], *, judge: Judge | None
) -> Sequence[str]:
    """The properties that the plan lets travel: as our edge noted them; of a stranger as the plan has them now.

    Raises:
        PermanentError: `unknown_event` or `schema_violation`, which the plan sets aside.
    """
    if producer == EDGE:
        return payload.planned or ()
    if judge is None:
        return ()
    for call in calls:
        name = name_in_plan(call.kind, call.event)
        if name is None:
            continue
        verdict = judge(payload.source, name, call.properties)
        if verdict.flaw is not None and verdict.treatment == "quarantine":
            raise PermanentError(verdict.flaw, verdict.detail)
        return verdict.planned  # at most one of the calls is something that was done
    return ()
