"""Values and types as the conformance cases write them, as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.conditions import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    ListOf,
    MapOf,
    Type,
)
from common.conditions.operations.times import to_duration, to_timestamp

_SCALARS = {"BOOL": BOOL, "INT64": INT, "DOUBLE": DOUBLE, "STRING": STRING}
_KNOWN = {"TIMESTAMP": TIMESTAMP, "DURATION": DURATION, "ANY": DYN}
_MADE = {"Timestamp": to_timestamp, "Duration": to_duration}


def value_of(said: Mapping[str, Any]) -> Any:
    """What a `Value` says.

    Raises:
        KeyError: conditions have no such value.
    """
    ((kind, value),) = said.items()
    match kind:
        case "int64Value":
            return int(value)
        case "doubleValue":
            return float(str(value).replace("Infinity", "inf"))
        case "stringValue" | "boolValue" | "nullValue":
            return value
        case "listValue":
            return tuple(map(value_of, value.get("values", ())))
        case "mapValue":
            entries = value.get("entries", ())
            return {value_of(entry["key"]): value_of(entry["value"]) for entry in entries}
        case "objectValue":
            return _MADE[value["@type"].rpartition(".")[2]](value["value"])
        case _:
            raise KeyError(kind)


def type_of(said: Mapping[str, Any]) -> Type:
    """What a `Type` says; one that conditions do not have is dynamic."""
    ((kind, of),) = said.items()
    match kind:
        case "primitive":
            return _SCALARS.get(of, DYN)
        case "wellKnown":
            return _KNOWN.get(of, DYN)
        case "null":
            return NULL
        case "listType":
            return ListOf(type_of(of["elemType"]))
        case "mapType":
            return MapOf(type_of(of["valueType"]), type_of(of["keyType"]))
        case _:
            return DYN
