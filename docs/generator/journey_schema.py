"""The JSON Schema of `journey.yaml`, for editors: what may stand where, with a line of help for each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.domain.parameters import READERS
from orchestrator.domain.playbook import AGAIN
from orchestrator.domain.steps import CHANNELS, PURPOSES, STEPS
from orchestrator.domain.steps.times import WEEKDAYS
from orchestrator.domain.triggers import KINDS

Schema = Mapping[str, Any]
ADDRESS: Final = "docs/schema/journey.schema.json"

DURATION: Final = {
    "type": ["string", "integer"],
    "pattern": r"^(-?\$\w+|-?(\d+(ms|s|m|h|d|w))+|0)$",
    "description": "Such as 30m, 2d, or a parameter: $silence",
}
TEXT: Final = {"type": "string", "minLength": 1}
NAME: Final = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}
NUMBER: Final = {"type": ["number", "string"]}
CONDITION: Final = {
    "type": ["string", "boolean"],
    "description": "A condition in CEL, see docs/conditions.md",
}
EXPRESSION: Final = {"type": ["string", "number", "boolean"], "description": "An expression in CEL"}
TIME: Final = {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$"}
STEPS_HERE: Final = {"$ref": "#/$defs/steps"}


def _object(
    properties: Mapping[str, Any], required: Sequence[str] = (), said: str = ""
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
    }
    if required:
        found["required"] = list(required)
    if said:
        found["description"] = said
    return found


def _some(one: Schema) -> dict[str, Any]:
    """One, or a list of them."""
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _map(values: Schema) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": values, "minProperties": 1}


EVENTS: Final = _some(TEXT)
UNTIL: Final = _object(
    {
        "time": TIME,
        "weekdays": _some({"enum": list(WEEKDAYS)}),
        "date": EXPRESSION,
        "offset": DURATION,
    }
)
OF_STEP: Final[Mapping[str, Schema]] = {
    "wait": _object(
        {"for": DURATION, "restart_on": EVENTS, "until": UNTIL},
        said="Rests for a while, or until a time or a date of the customer's",
    ),
    "wait_for": _object(
        {"event": EVENTS, "when": CONDITION, "keep": _map(EXPRESSION), "within": DURATION, "then": STEPS_HERE, "otherwise": STEPS_HERE},
        ["within"],
        "Rests until the customer does that, or a condition alone comes true, so long at most",
    ),
    "branch": {
        "type": "array",
        "minItems": 1,
        "description": "Takes the first way whose condition holds",
        "items": {
            "anyOf": [
                _object({"when": CONDITION, "steps": STEPS_HERE}, ["when", "steps"]),
                _object({"otherwise": STEPS_HERE}, ["otherwise"]),
            ]
        },
    },
    "split": {
        **_map(_object({"weight": {"type": "integer", "minimum": 0}, "steps": STEPS_HERE}, ["weight"])),
        "description": "Takes a way by chance, always the same for a customer",
    },
    "propose": _object(
        {"message": NAME, "channels": _some({"enum": list(CHANNELS)}), "expires_after": DURATION, "purpose": {"enum": list(PURPOSES)}, "value": EXPRESSION, "urgency": NUMBER, "key": EXPRESSION},
        ["message", "channels", "expires_after"],
        "Puts a message up for the auction, on the first channel whose gates say yes",
    ),
    "set": {**_map(EXPRESSION), "maxProperties": 1, "description": "Keeps a value with the passage"},
    "emit": _object(
        {"event": TEXT, "properties": _map(EXPRESSION)},
        ["event"],
        "Tells as an activity of the customer what the journey found out",
    ),
    "voucher": _object(
        {"pool": NAME, "within": DURATION, "keep": NAME, "then": STEPS_HERE, "otherwise": STEPS_HERE},
        ["pool"],
        "Asks for a voucher and waits until there is one, so long at most",
    ),
    "call": _object(
        {"to": NAME, "data": _map(EXPRESSION), "within": DURATION, "keep": NAME, "then": STEPS_HERE, "otherwise": STEPS_HERE},
        ["to"],
        "Tells another system and waits until it has acknowledged it, so long at most",
    ),
    "audience": _object(
        {"add": NAME, "remove": NAME, "expires_after": DURATION},
        said="Puts the customer into a retargeting audience, or takes them out",
    ),
    "exit": _object({"reason": TEXT}, ["reason"], "Ends the passage"),
    "goto": _object(
        {"step": TEXT, "at_most": {"type": "integer", "minimum": 1}},
        ["step", "at_most"],
        "Goes back to a step, so many times at most",
    ),
}  # fmt: skip
"""By kind; a test sees to it that each kind has one with the very fields that are read."""
OF_TRIGGER: Final[Mapping[str, Schema]] = {
    "event": _object({"event": EVENTS, "when": CONDITION, "within": DURATION}, ["event"]),
    "becomes": _object({"becomes": CONDITION}, ["becomes"]),
    "enters": _object({"enters": NAME}, ["enters"]),
    "leaves": _object({"leaves": NAME}, ["leaves"]),
    "score": _object({"score": TEXT, "reaches": NUMBER, "falls_below": NUMBER}, ["score"]),
    "date": _object(
        {"date": EXPRESSION, "every": {"enum": ["year"]}, "offset": DURATION, "time": TIME, "leap": {"enum": ["before", "after"]}},
        ["date"],
    ),
    "inactive": _object(
        {"inactive": {"anyOf": [DURATION, _object({"rhythm": NUMBER, "least": DURATION, "most": DURATION}, ["rhythm", "least", "most"])]}},
        ["inactive"],
    ),
    "price_drop": _object({"price_drop": NUMBER, "viewed_within": DURATION}, ["price_drop"]),
    "back_in_stock": _object({"back_in_stock": {"const": True}, "viewed_within": DURATION}, ["back_in_stock"]),
    "api": _object({"api": TEXT}, ["api"]),
}  # fmt: skip
ENTRY: Final = _object(
    {
        "key": EXPRESSION,
        "again": {"anyOf": [{"enum": list(AGAIN)}, _object({"after": DURATION}, ["after"])]},
        "when": CONDITION,
        "at_once": {"type": "integer", "minimum": 1},
    },
    ["again"],
    "What a passage is about, and which matches may begin one",
)
END: Final = _some(_object({"event": TEXT, "when": CONDITION, "reason": TEXT}))
PARAMETER: Final = _object(
    {
        "type": {"enum": list(READERS)},
        "default": {"type": ["string", "number", "boolean"]},
        "min": {"type": ["string", "number"]},
        "max": {"type": ["string", "number"]},
        "description": TEXT,
    },
    ["type", "default"],
)


def schema() -> Schema:
    """Of the whole file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A journey of cuestream",
        **_object(
            {
                "purpose": {"enum": list(PURPOSES)},
                "parameters": _map(PARAMETER),
                "trigger": _some({"anyOf": [OF_TRIGGER[kind] for kind in KINDS]}),
                "entry": ENTRY,
                "goal": END,
                "exit_when": END,
                "steps": STEPS_HERE,
            },
            ["purpose", "trigger", "entry", "steps"],
        ),
        "$defs": {
            "steps": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}},
            "step": {
                "type": "object",
                "properties": {"id": NAME, **{kind: OF_STEP[kind] for kind in STEPS}},
                "additionalProperties": False,
                "minProperties": 1,
                "maxProperties": 2,
            },
        },
    }


def page() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
