"""The words for why a message was not simply taken."""

from __future__ import annotations

from collections.abc import Mapping

REASONS: Mapping[str, str] = {
    "event_too_large": "has more than 32 KiB",
    "too_deep": "nests deeper than 32 levels",
    "not_json_number": "holds NaN, Infinity, or a number too large to be one",
    "nul_character": "holds the character U+0000",
    "no_identity": "has neither userId nor anonymousId",
    "no_product": "names no product",
    "no_event_name": "does not say what happened",
    "unknown_call": "is of no kind of call that we know",
    "unknown_topic": "is of a kind that the vendor's mapping does not know",
    "misplaced_product": "tells of a product under another one's id",
    "bad_instant": "names a time that is none",
    "unknown_availability": "says in no word that we know whether a product can be ordered",
    "server_key_needed": "says what is for sale under a browser key",
    "unknown_event": "is not in the tracking plan",
    "schema_violation": "breaks the tracking plan",
    "unknown_specversion": "is of a version of CloudEvents that we do not know",
    "invalid_attribute": "has an attribute that is none of a CloudEvent",
    "invalid_data": "has data that are not what the CloudEvent says",
    "undecodable": "is nothing that we can read",
    "seen_before": "has the message id of one that came before",
    "bot": "was sent by a bot, not by a visitor",
    "prefetch": "was sent by a page that nobody looked at yet",
    "too_fast": "came faster than the source may send",
    "quota_exceeded": "came after the workspace had used up its quota",
    "busy": "came when we could not take more",
}


def reason(code: str) -> str | None:
    """What the message is or has, as the rest of a sentence; None: the code has to speak for itself."""
    return REASONS.get(code)
