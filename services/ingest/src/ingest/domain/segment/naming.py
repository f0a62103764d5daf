"""What activities are called."""

from __future__ import annotations

from common.errors import PermanentError
from ingest.domain.segment.calls import Call
from ingest.domain.segment.scrubbing import scrub
from ingest.domain.vocabulary import canonical_name

CONSENT_GRANTED, CONSENT_WITHDRAWN = "Consent Granted", "Consent Withdrawn"
CONSENT_REQUESTED, CONSENT_CONFIRMED = "Consent Requested", "Consent Confirmed"
NAMES_OF_CALLS = {"page": "Page Viewed", "screen": "Screen Viewed", "group": "Group Joined"}
_LONGEST = 200


def activity_name(call: Call) -> str | None:
    """The canonical name of what was done; None when the call says who somebody is, not what they did.

    A name outside of all vocabularies is a custom activity. It is a free text, so it is scrubbed.

    Raises:
        PermanentError: `no_event_name`, a track call without one.
    """
    if call.kind != "track":
        return NAMES_OF_CALLS.get(call.kind)
    name = " ".join(call.event.replace("\0", "").split())
    if not name:
        raise PermanentError("no_event_name", "a track call needs `event`")
    return canonical_name(name) or scrub(name)[:_LONGEST]
