"""What goes in and out of the collector, as JSON Schema."""

from __future__ import annotations

from typing import Any, get_args

from ingest.api.doors import CALLS
from ingest.domain.collecting import Reason


def _object(required: list[str], **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


_TEXT = {"type": "string"}
_TIME = {"type": "string", "format": "date-time"}
_OF_WEBHOOKS = ("no_event_name", "unknown_topic", "undecodable")
SCHEMAS: dict[str, Any] = {
    "Message": {
        **_object(
            [],
            type={"type": "string", "enum": list(CALLS), "description": "needed in a batch"},
            messageId={**_TEXT, "description": "a message with the same id counts once"},
            userId=_TEXT,
            anonymousId=_TEXT,
            timestamp=_TIME,
            event=_TEXT,
            properties={"type": "object"},
            traits={"type": "object"},
            context={"type": "object"},
        ),
        "description": "At most 32 KiB, 32 levels deep; a userId or an anonymousId is needed.",
    },
    "Batch": _object(
        ["batch"],
        batch={"type": "array", "items": {"$ref": "#/components/schemas/Message"}},
        sentAt={**_TIME, "description": "with it a wrong client clock is corrected"},
        writeKey=_TEXT,
    ),
    "CloudEvent": {
        **_object(
            ["specversion", "id", "source", "type"],
            specversion={"type": "string", "enum": ["1.0"]},
            id=_TEXT,
            source={**_TEXT, "format": "uri-reference"},
            type=_TEXT,
            subject={**_TEXT, "description": "the user id"},
            userid={**_TEXT, "description": "the user id where the subject is something else"},
            anonymousid={**_TEXT, "description": "a visitor's id"},
            time=_TIME,
            datacontenttype=_TEXT,
            data={},
            data_base64=_TEXT,
        ),
        "description": "A subject, a userid or an anonymousid is needed.",
    },
    "Rejected": _object(
        ["index", "messageId", "reason", "detail"],
        index={"type": "integer"},
        messageId={"type": ["string", "null"]},
        reason={
            "type": "string",
            "enum": [*get_args(Reason), *_OF_WEBHOOKS],
        },
        detail=_TEXT,
    ),
    "Taken": _object(
        ["success", "accepted", "rejected"],
        success={"type": "boolean"},
        accepted={"type": "integer"},
        rejected={"type": "array", "items": {"$ref": "#/components/schemas/Rejected"}},
        flagged={
            "type": "array",
            "items": {"$ref": "#/components/schemas/Rejected"},
            "description": "stored all the same; only where the tracking plan flags something",
        },
    ),
    "Refusal": _object(
        ["error", "detail", "code", "message"],
        error=_TEXT,
        detail=_TEXT,
        code={**_TEXT, "description": "the error once more, for SDKs that look for it here"},
        message={**_TEXT, "description": "the detail once more, for them"},
    ),
}
