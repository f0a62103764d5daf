"""What others are told of something that a person did."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from common.contracts.profiles import ActivityRecorded
from ingest.domain.segment import Call, activity_name, allowed, context_of
from ingest.domain.segment.scrubbing import scrub_identifier

_LONGEST_ID = 200


def activity_of(
    call: Call, *, event_id: UUID, source: str, planned: Sequence[str] = ()
) -> ActivityRecorded | None:
    """The activity without anything personal, of no version yet; None when the call says only who somebody is.

    `planned` are the properties that the workspace's tracking plan lets travel, too.

    Raises:
        PermanentError: `no_event_name`.
    """
    name = activity_name(call)
    if name is None:
        return None
    return ActivityRecorded(
        event_id=event_id,
        name=name,
        source=scrub_identifier(source),
        message_id=scrub_identifier(call.message_id.replace("\0", "")[:_LONGEST_ID]),
        occurred_at=call.occurred_at,
        received_at=call.received_at,
        profile_version=0,
        properties=allowed(call.properties, name, planned),
        context=context_of(call.context, stated_at=call.stated_at),
    )
