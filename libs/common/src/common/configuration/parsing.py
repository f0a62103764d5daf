"""A workspace's text to its model, with every problem at its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from common.configuration.document import Document, read_document
from common.configuration.problems import ConfigurationError, Problem, suggested
from common.configuration.values import Release
from common.configuration.workspace import Workspace
from common.errors import PermanentError

WORKSPACE_FILE = "workspace.yaml"
Parsed = TypeVar("Parsed", bound=BaseModel)
_WORDS = {
    "too_short": "at least {min_length} is needed",
    "too_long": "at most {max_length} are possible",
    "tuple_type": "this must be a list",
    "dict_type": "this must be a mapping",
    "model_type": "this must be a mapping",
    "string_type": "this must be text; put it in quotes",
    "string_pattern_mismatch": "this must match {pattern}",
}
"""What the library would say in Python's words."""


def parse_workspace(name: str, text: str, *, file: str = "") -> Workspace:
    """Read `workspaces/<name>.yaml`.

    Raises:
        ConfigurationError: with everything that is wrong with it.
    """
    document = read_document(file or f"workspaces/{name}.yaml", text)
    return validated(document, Workspace, name)


def validated(document: Document, model: type[Parsed], name: str) -> Parsed:
    """The document as a model that is called as its file is.

    Raises:
        ConfigurationError: with everything that is wrong with it.
    """
    if not isinstance(document.value, dict):
        raise ConfigurationError([document.problem((), "this must be a mapping")])
    if "name" in document.value:
        raise ConfigurationError([document.problem(("name",), "the file's name is the name")])
    try:
        return model.model_validate({**document.value, "name": name})
    except ValidationError as error:
        problems = [_problem(document, found, model) for found in _telling(error)]
        raise ConfigurationError(problems) from error


def workspace_of(release: Release) -> Workspace:
    """The workspace of a release; parsed once per text.

    Raises:
        ConfigurationError: it cannot be read.
        PermanentError: `no_workspace`, the release does not hold it.
    """
    content = release.one("workspace", release.workspace)
    if content is None or WORKSPACE_FILE not in content.files:
        raise PermanentError("no_workspace", f"{release.workspace}: its release has no such file")
    return _parsed(content.name, content.files[WORKSPACE_FILE])


@lru_cache(maxsize=256)
def _parsed(name: str, text: str) -> Workspace:
    return parse_workspace(name, text)


def _telling(error: ValidationError) -> list[Mapping[str, Any]]:
    """The errors without those that only follow from another one: a list is short because its items are wrong."""
    errors: list[Mapping[str, Any]] = [dict(found) for found in error.errors()]
    places = [found["loc"] for found in errors]
    return [
        found
        for found in errors
        if found["type"] != "too_short" or not any(place[:-1] == found["loc"] for place in places)
    ]


def _problem(document: Document, error: Mapping[str, Any], model: type[BaseModel]) -> Problem:
    location = _written(document.value, error["loc"])
    if error["type"] == "extra_forbidden":
        known = _fields(model, error["loc"][:-1])
        hint = suggested(str(error["loc"][-1]), known)
        return document.problem(location, f"there is no such key{hint}")
    if error["type"] == "missing":
        return document.problem(location, "this is missing")
    words = _WORDS.get(error["type"])
    message = words.format_map(error.get("ctx", {})) if words else str(error["msg"])
    return document.problem(location, message.removeprefix("Value error, "))


def _written(value: Any, location: Sequence[str | int]) -> tuple[str | int, ...]:
    """The location without what the model adds, such as which branch of a union it tried."""
    found: list[str | int] = []
    for index, part in enumerate(location):
        if part == "[key]":
            break
        last = index == len(location) - 1
        if isinstance(value, dict) and (part in value or (last and isinstance(part, str))):
            found.append(part)
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int):
            found.append(part)
            value = value[part] if part < len(value) else None
    return tuple(found)


def _fields(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """The keys that may stand at a location."""
    here: type[BaseModel] | None = model
    for part in location:
        if here is None:
            return []
        aliases = {field.alias or name: field for name, field in here.model_fields.items()}
        if str(part) in aliases:
            here, inside = _model_in(aliases[str(part)].annotation), here
            here = here or inside
    return [field.alias or name for name, field in (here or model).model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside `X`, `X | None`, `tuple[X, ...]` or `Mapping[str, X]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in found if model is not None), None)
