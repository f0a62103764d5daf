"""A playbook's typed parameters: defaults, bounds, a workspace's own values, and `$name` in the steps."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final

from common.documents import Finding, Report, Value, did_you_mean, scalar

ParameterValue = timedelta | int | float | str | bool
Override = str | int | float | bool
"""A workspace's own value, as its file says it."""

READERS: Final[Mapping[str, Callable[[Value], ParameterValue]]] = {
    "duration": Value.duration,
    "integer": Value.integer,
    "number": Value.number,
    "text": Value.text,
    "boolean": Value.boolean,
}
_NAMED: Final = re.compile(r"(?:\$|\bparameters\.)(\w+)")
ORDERED: Final = ("duration", "integer", "number")
"""Types of which `min` and `max` may be said."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value that a workspace may set."""

    name: str
    kind: str
    default: ParameterValue
    least: ParameterValue | None = None
    most: ParameterValue | None = None
    description: str = ""

    def read(self, value: Value) -> ParameterValue:
        """A value of this parameter's type within its bounds."""
        read = READERS[self.kind](value)
        if self.least is not None and _less(read, self.least):
            value.fail(f"`{self.name}` is below its least value")
        if self.most is not None and _less(self.most, read):
            value.fail(f"`{self.name}` is above its greatest value")
        return read


@dataclass(slots=True)
class Parameters:
    """The values in force, for resolving `$name` while the steps are read."""

    values: Mapping[str, ParameterValue]
    used: set[str] = field(default_factory=set)

    def duration(self, value: Value) -> timedelta:
        """A duration that is written out, or the parameter that `$name` names."""
        text = value.text()
        if not text.startswith("$"):
            return value.duration()
        found = self._resolve(value, text[1:])
        if not isinstance(found, timedelta):
            value.fail(f"`{text}` is not a duration")
        return found

    def number(self, value: Value) -> float:
        """A number that is written out, or the parameter that `$name` names."""
        name = value.after("$")
        if name is None:
            return value.number()
        found = self._resolve(value, name.text())
        if isinstance(found, bool) or not isinstance(found, int | float):
            value.fail(f"`{value.text()}` is not a number")
        return found

    def named_in(self, text: str) -> dict[str, ParameterValue]:
        """The values of the parameters that a text names, as `$name` or `parameters.name`."""
        names = sorted(set(_NAMED.findall(text)) & self.values.keys())
        self.used.update(names)
        return {name: self.values[name] for name in names}

    def _resolve(self, value: Value, name: str) -> ParameterValue:
        if name not in self.values:
            value.fail(f"there is no parameter `{name}`{did_you_mean(name, list(self.values))}")
        self.used.add(name)
        return self.values[name]


def read_parameters(value: Value) -> dict[str, Parameter]:
    """The `parameters` section."""
    report = Report()
    found: dict[str, Parameter] = {}
    for name, entry in value.entries().items():
        parameter = report.read(partial(_parameter, name, entry), None)
        if parameter is not None:
            found[name] = parameter
    report.close()
    return found


def in_force(
    parameters: Mapping[str, Parameter], overrides: Mapping[str, Override], report: Report
) -> dict[str, ParameterValue]:
    """Each parameter's value: the workspace's where it sets one, else the default."""
    values = {name: parameter.default for name, parameter in parameters.items()}
    for name, raw in overrides.items():
        place = _override(name, raw)
        if name not in parameters:
            known = ", ".join(parameters) or "none"
            message = f"the playbook has no parameter `{name}`; known: {known}"
            report.findings.append(Finding(place.file, 1, 1, message))
            continue
        values[name] = report.read(partial(parameters[name].read, place), values[name])
    return values


def _parameter(name: str, value: Value) -> Parameter:
    fields = value.fields(required=["type", "default"], optional=["min", "max", "description"])
    kind = fields["type"].one_of(list(READERS))
    least, most = fields.get("min"), fields.get("max")
    if kind not in ORDERED and (least or most):
        (least or most or value).fail(f"a {kind} has no bounds")
    described = fields.get("description")
    read = READERS[kind]
    bounded = Parameter(
        name=name,
        kind=kind,
        default=read(fields["default"]),
        least=read(least) if least else None,
        most=read(most) if most else None,
        description=described.text() if described else "",
    )
    bounded.read(fields["default"])
    return bounded


def _override(name: str, raw: Override) -> Value:
    text = str(raw).lower() if isinstance(raw, bool) else str(raw)
    return scalar(f"parameter `{name}`", text)


def _less(one: ParameterValue, other: ParameterValue) -> bool:
    if isinstance(one, timedelta) and isinstance(other, timedelta):
        return one < other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one < other
    return False
