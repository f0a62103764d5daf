"""The look-ups of admins, as OpenAPI describes them: what `ingest resolve` serves on a port of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from common.contracts.profiles import Consent, ContactChanged
from common.telemetry import Handler, Request
from ingest.domain.people import Statement
from ingest.domain.receptions import Outcome

Schema = dict[str, Any]
_AT = "#/components/schemas/{name}"
_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer"}
_ID: Schema = {"type": "string", "format": "uuid"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_YES_OR_NO: Schema = {"type": "boolean"}


def _object(**properties: Schema) -> Schema:
    """All of them, and nothing else."""
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _by_name(of: Schema) -> Schema:
    return {"type": "object", "additionalProperties": of}


def _perhaps(of: Schema) -> Schema:
    return {"anyOf": [of, {"type": "null"}]}


def _one(name: str) -> Schema:
    return {"$ref": _AT.format(name=name)}


_SAID = {
    "value": {},
    "source": _perhaps(_TEXT),
    "at": _TIME,
    "suggested": {**_YES_OR_NO, "description": "by an event; nobody stated it"},
}
_MESSAGE = {"message_id": _TEXT, "event_id": _ID, "workspace": _TEXT, "source": _TEXT}
_NOTES = {"noted": _list(_one("Noted"))}


def _lines(*names: str) -> Schema:
    """Counts, the most frequent first."""
    return _list(
        _object(
            **dict.fromkeys(names, _TEXT),
            hour={**_COUNT, "description": "within the last hour"},
            day={**_COUNT, "description": "within the last day"},
            last_at=_perhaps(_TIME),
            sample=_perhaps({**_ID, "description": "the event id of the last one"}),
        )
    )


_SCHEMAS: Schema = {
    "Said": _object(**_SAID),
    "Trait": _object(**_SAID, rule=_TEXT, lost=_list(_one("Said"))),
    "Profile": _object(
        workspace=_TEXT,
        profile_id=_ID,
        partition=_COUNT,
        identifiers=_list(_object(kind=_TEXT, value=_TEXT)),
        contact=_one("ContactChanged"),
        merged={**_list(_ID), "description": "profiles that have become this one"},
        traits=_by_name(_one("Trait")),
        accounts=_by_name(_by_name(_one("Trait"))),
    ),
    "Ledger": _object(
        profile_id=_ID, stood=_list(_one("Consent")), statements=_list(_one("Statement"))
    ),
    "Shared": _object(
        kind=_TEXT,
        value=_TEXT,
        profiles=_list(_ID),
        at_most=_COUNT,
        links={**_YES_OR_NO, "description": "whether it still says that two are one person"},
    ),
    "Noted": _object(
        outcome={"type": "string", "enum": list(get_args(Outcome))},
        reason=_TEXT,
        detail=_TEXT,
        received_at=_TIME,
        place={**_TEXT, "description": "topic/partition/offset"},
    ),
    "Resolved": _object(
        outcome={"type": "string", "enum": ["accepted"]},
        **_MESSAGE,
        profile_id=_ID,
        merged_into=_perhaps(_ID),
        seen_at=_TIME,
        partition=_COUNT,
        raw_partition={**_COUNT, "description": "of ingest.events"},
        **_NOTES,
    ),
    "NotResolved": _object(
        outcome={"type": "string", "enum": ["rejected", "ignored", "under_way"]},
        **_MESSAGE,
        reason=_TEXT,
        detail=_TEXT,
        received_at=_TIME,
        **_NOTES,
    ),
    "Source": _object(
        workspace=_TEXT,
        source=_TEXT,
        kind=_perhaps({**_TEXT, "description": "null: no release knows it any more"}),
        last_seen=_perhaps(_TIME),
        events=_lines("name"),
        rejected=_lines("reason"),
        violations=_lines("event", "path"),
        duplicates=_lines("reason"),
        ignored=_lines("reason"),
        refused=_lines("reason"),
    ),
    "Refusal": _object(error=_TEXT, detail=_TEXT),
}
_REF = "user:ID, anon:ID, email:ADDRESS, phone:NUMBER, KIND:ID or the profile's id"
_WORKSPACE = ("workspace", "default: `default`")
_ANY_WORKSPACE = ("workspace", "default: all")


def describe_lookups() -> Schema:
    """The whole document."""
    _, said = msgspec.json.schema_components([ContactChanged, Consent, Statement], ref_template=_AT)
    message = {"oneOf": [_one("Resolved"), _one("NotResolved")]}
    profiles = _object(profiles=_list(_one("Profile")))
    ledgers = _object(profiles=_list(_one("Ledger")))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "cuestream ingest: look-ups",
            "version": "1",
            "description": "What became of a message, how sources do, and who is meant; for admins.",
        },
        "paths": {
            "/v1/messages/{message_id}": _get(
                "message", "What became of a message.", _object(messages=_list(message)), _ANY_WORKSPACE,
                path="message_id", missing="Nobody has seen it.",
            ),
            "/v1/sources": _get(
                "sources", "How each source does.", _object(as_of=_TIME, sources=_list(_one("Source"))), _ANY_WORKSPACE
            ),
            "/v1/profiles": _get(
                "profiles", "Who is meant, and where each value came from.", profiles,
                ("ref", _REF), _WORKSPACE, missing="Nobody is known by that.",
            ),
            "/v1/consents": _get(
                "consents", "Every statement with its proof, and what stood.", ledgers,
                ("ref", _REF), _WORKSPACE, ("at", "RFC 3339: as known then"), missing="Nobody is known by that.",
            ),
            "/v1/identifiers/shared": _get(
                "shared", "Ids that several profiles share.", _object(identifiers=_list(_one("Shared"))), _WORKSPACE
            ),
        },
        "components": {
            "schemas": {**said, **_SCHEMAS},
            "securitySchemes": {"adminKey": {"type": "http", "scheme": "bearer"}},
        },
    }  # fmt: skip


def description() -> Mapping[str, Handler]:
    """The route that tells it, to everybody: it holds nothing of anybody's."""
    document = describe_lookups()

    async def told(_: Request) -> tuple[int, object]:
        return 200, document

    return {"/openapi.json": told}


def _get(
    operation: str,
    summary: str,
    answer: Schema,
    *query: tuple[str, str],
    path: str = "",
    missing: str = "",
) -> Schema:
    parameters = [
        {"name": n, "in": "query", "required": n == "ref", "schema": _TEXT, "description": about}
        for n, about in query
    ]
    if path:
        parameters += [{"name": path, "in": "path", "required": True, "schema": _TEXT}]
    responses = {
        "200": _answer("Found.", answer),
        "400": _answer("The question cannot be understood.", _one("Refusal")),
        "401": _answer("An admin key is needed.", _one("Refusal")),
        "503": _answer("The database is away; ask again.", _one("Refusal")),
    }
    if missing:
        responses["404"] = _answer(missing, _one("Refusal"))
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "security": [{"adminKey": []}],
            "parameters": parameters,
            "responses": responses,
        }
    }


def _answer(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
