"""The collector's addresses, as OpenAPI describes them."""

from __future__ import annotations

from typing import Any

from ingest.api.doors import BATCHES, CALLS, LETTERS
from ingest.api.reference.schemas import SCHEMAS

_EXAMPLES: dict[str, dict[str, Any]] = {
    "track": {
        "event": "Product Added",
        "properties": {"product_id": "p1", "name": "Mug", "price": 12.5, "quantity": 1},
    },
    "identify": {
        "traits": {
            "email": "ada@example.com",
            "locale": "de",
            "consents": {"email.marketing": True},
        }
    },
    "page": {"name": "Home", "properties": {"path": "/"}},
    "screen": {"name": "Home"},
    "group": {"groupId": "acme", "traits": {"plan": "business"}},
    "alias": {"previousId": "a1"},
}
_EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "1",
    "source": "/shop",
    "type": "com.example.product.added",
    "subject": "u1",
    "data": {"product_id": "p1", "name": "Mug", "price": 12.5},
}
_SAYS = {
    "track": "Somebody did something.",
    "identify": "Who somebody is: traits and consents.",
    "page": "Somebody looked at a page.",
    "screen": "Somebody looked at a screen of an app.",
    "group": "Somebody belongs to a group.",
    "alias": "Somebody was known under another id before.",
    "batch": "Several messages at once; one that cannot be taken never costs the others.",
    "import": "The same as batch, for what is long past: it shapes scores and segments, and triggers nothing.",
}
_REFUSALS = {
    "400": "The body cannot be parsed; for a single call also: this message is rejected, and why.",
    "401": "No source has this write key, or a browser key was used on a page that is not listed.",
    "413": "The body is too large (after gunzip).",
    "429": "The source (`too_fast`) or its workspace (`quota_exceeded`, `busy`) sends too fast; `Retry-After` says when to try again.",
    "503": "Kafka is away, the queue is full or nothing is configured yet; try again after `Retry-After`. What was sent may be"
    " stored all the same: send it with the same `messageId` and it counts once.",
}
_KEYS: list[dict[str, list[str]]] = [{"writeKey": []}, {"bearerKey": []}, {}]


def describe(document: dict[str, Any]) -> dict[str, Any]:
    """Add the collector's addresses to an OpenAPI document."""
    paths = dict(document.get("paths", {}))
    for name in (*BATCHES, *CALLS):
        paths[f"/v1/{name}"] = {"post": _operation(name)}
    for letter, name in LETTERS.items():
        short = {
            **_operation(name),
            "operationId": f"short_{letter}",
            "summary": f"Short for /v1/{name}.",
        }
        paths[f"/v1/{letter}"] = {"post": short}
    paths["/v1/cloudevents"] = {"post": _cloudevents()}
    paths["/v1/pixel.gif"] = {"get": _pixel()}
    for address in ("/v1/hooks/{source}", "/v1/hooks/{workspace}/{source}"):
        paths[address] = {"post": _hook(address)}
    paths["/v1/m"] = {"post": _plain("metrics", "What browsers report about themselves; ignored.")}
    paths["/v1/projects/{key}/settings"] = {"get": _settings()}
    components = document.get("components", {})
    return {
        **document,
        "paths": paths,
        "components": {
            **components,
            "schemas": {**components.get("schemas", {}), **SCHEMAS},
            "securitySchemes": {
                "writeKey": {"type": "http", "scheme": "basic", "description": "user = write key"},
                "bearerKey": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(name: str) -> dict[str, Any]:
    batch = name in BATCHES
    schema = {"$ref": f"#/components/schemas/{'Batch' if batch else 'Message'}"}
    example: dict[str, Any] = {"userId": "u1", **_EXAMPLES.get(name, {})}
    if batch:
        example = {"batch": [{"type": "track", "userId": "u1", **_EXAMPLES["track"]}]}
    return {
        "tags": ["collector"],
        "operationId": name,
        "summary": _SAYS[name],
        "security": _KEYS,
        "requestBody": {
            "required": True,
            "description": "JSON, plain or gzip; the content type is ignored.",
            "content": {"application/json": {"schema": schema, "example": example}},
        },
        "responses": {"200": _response("Stored by all replicas in sync.", "Taken"), **_refusals()},
    }


def _cloudevents() -> dict[str, Any]:
    event = {"$ref": "#/components/schemas/CloudEvent"}
    batch = {"type": "array", "items": event}
    return {
        "tags": ["collector"],
        "operationId": "cloudevents",
        "summary": "CloudEvents 1.0, in the structured, the batch and (with ce- headers) the binary mode.",
        "security": _KEYS[:2],
        "requestBody": {
            "required": True,
            "description": "The content type says which mode it is.",
            "content": {
                "application/cloudevents+json": {"schema": event, "example": _EVENT},
                "application/cloudevents-batch+json": {"schema": batch, "example": [_EVENT]},
            },
        },
        "responses": {
            "200": _response("Stored by all replicas in sync.", "Taken"),
            **_refusals(),
            "415": _response("A format of CloudEvents that is not JSON.", "Refusal"),
        },
    }


def _plain(operation: str, summary: str) -> dict[str, Any]:
    return {
        "tags": ["collector"],
        "operationId": operation,
        "summary": summary,
        "responses": {"200": {"description": "Always."}},
    }


def _settings() -> dict[str, Any]:
    plain = _plain("settings", "The settings document of Segment's browser SDK.")
    return {
        **plain,
        "responses": {
            **plain["responses"],
            **_refusals("401", "503"),
            "404": _response("No such address.", "Refusal"),
        },
        "parameters": [
            {"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}
        ],
    }


def _pixel() -> dict[str, Any]:
    names = ("key", "event", "user", "anonymous", "id", "path", "title", "campaign_id")
    codes = ("400", "401", "413", "429", "503")
    told = {"200": "Stored by all replicas in sync.", **{code: _REFUSALS[code] for code in codes}}
    return {
        **_plain("pixel", "A picture for mails and pages without script: an open or a visit."),
        "responses": {
            status: {"description": text, "content": {"image/gif": {}}}
            for status, text in told.items()
        },
        "parameters": [
            {"name": name, "in": "query", "required": name == "key", "schema": {"type": "string"}}
            for name in names
        ],
    }


def _hook(address: str) -> dict[str, Any]:
    names = [name for name in ("workspace", "source") if f"{{{name}}}" in address]
    return {
        "tags": ["webhooks"],
        "operationId": "hook_of_" + "_and_".join(names),
        "summary": "A vendor's webhook, signed by the vendor; the source's kind says how.",
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in names
        ],
        "requestBody": {
            "required": True,
            "description": "As the vendor sends it.",
            "content": {"application/json": {}, "text/xml": {}},
        },
        "responses": {
            "200": _response("Stored, or set aside and not wanted again.", "Taken"),
            **_refusals(),
            "401": _response("The signature is missing, wrong or too old.", "Refusal"),
            "404": _response("No such source of webhooks.", "Refusal"),
        },
    }


def _refusals(*statuses: str) -> dict[str, Any]:
    """These, or all that a body can meet with."""
    return {
        status: _response(_REFUSALS[status], "Refusal") for status in statuses or tuple(_REFUSALS)
    }


def _response(description: str, schema: str) -> dict[str, Any]:
    reference = {"$ref": f"#/components/schemas/{schema}"}
    return {"description": description, "content": {"application/json": {"schema": reference}}}
