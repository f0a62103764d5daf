"""A workspace's tracking plan: which events its sources send, and what each of them says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import jsonschema_rs
from pydantic import Field, StringConstraints

from common.configuration.document import Document, read_document
from common.configuration.parsing import validated
from common.configuration.problems import ConfigurationError, Problem
from common.configuration.workspace import Model, SourceName

Treatment = Literal["accept", "flag", "quarantine"]
EventName = Annotated[str, StringConstraints(pattern=r"^\S(.{0,198}\S)?$")]
Schema = Mapping[str, Any]
MOST_EVENTS = 500
"""Each is a label of a metric, too."""


class PlannedEvent(Model):
    """One event, and what its properties look like as they are sent."""

    properties: Schema = Field(alias="schema")
    """JSON Schema, draft 2020-12 unless `$schema` says otherwise."""
    violations: Treatment | None = None
    """None: as the plan says."""


class TrackingPlan(Model):
    """What a workspace expects of its sources."""

    name: SourceName
    unknown_events: Treatment = "accept"
    """Of events that are not in the plan."""
    violations: Treatment = "flag"
    """Of events whose properties break their schema."""
    events: Mapping[EventName, PlannedEvent] = Field(min_length=1, max_length=MOST_EVENTS)


def parse_plan(name: str, text: str, *, file: str = "") -> TrackingPlan:
    """Read `tracking/<workspace>.yaml`.

    Raises:
        ConfigurationError: with everything that is wrong with it.
    """
    document = read_document(file or f"tracking/{name}.yaml", text)
    plan = validated(document, TrackingPlan, name)
    problems = [
        problem
        for event, planned in plan.events.items()
        if (problem := _flaw(document, event, planned.properties)) is not None
    ]
    if problems:
        raise ConfigurationError(problems)
    return plan


def compiled(schema: Schema) -> jsonschema_rs.Validator:
    """A validator of values.

    Patterns are matched in linear time, and nothing is fetched: a schema refers to itself alone.

    Raises:
        ValidationError: it is no JSON Schema, or refers to another document.
        ValueError, TypeError: it holds what JSON cannot say, or a pattern that cannot be matched in linear time.
    """
    return jsonschema_rs.validator_for(
        dict(schema),
        validate_formats=True,
        retriever=_refused,
        pattern_options=jsonschema_rs.RegexOptions(),
    )


def _flaw(document: Document, event: str, schema: Schema) -> Problem | None:
    place: tuple[str | int, ...] = ("events", event, "schema")
    try:
        compiled(schema)
    except jsonschema_rs.ValidationError as error:
        return document.problem((*place, *error.instance_path), f"no JSON Schema: {error.message}")
    except (TypeError, ValueError) as error:
        return document.problem(place, f"no JSON Schema: {error}")
    return None


def _refused(uri: str) -> Any:
    raise ValueError(f"{uri} is not fetched")
