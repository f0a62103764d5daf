"""What a playbook's templates ask for besides the customer: of the trigger, of variables, of parameters."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from common.conditions import Field, ObjectOf
from common.contracts.actions import Printable
from common.documents import Finding, Report, did_you_mean
from orchestrator.domain.parameters import Parameters

TRIGGER, VARIABLES, PARAMETERS = "trigger.properties", "vars", "parameters"
_LIQUID: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_DEFAULT: Final = re.compile(r"\|\s*default\s*:")
_NAMED: Final = re.compile(
    r"""\b(trigger\.properties|vars|parameters)(?:\.(\w+)|\[['"]([^'"]+)['"]\])"""
)


@dataclass(frozen=True, slots=True)
class Named:
    """A name in a template, where it stands."""

    root: str
    name: str
    file: str
    line: int
    column: int
    guarded: bool
    """Whether it is asked for before it is printed, or has a default."""

    @property
    def text(self) -> str:
        return f"{self.root}.{self.name}"


def named_in(files: Mapping[str, str]) -> Iterator[Named]:
    """Whatever the templates name of these, in the order of the files."""
    for file, text in sorted(files.items()):
        if not file.startswith("templates/"):
            continue
        asked: set[tuple[str, str]] = set()
        for piece in _LIQUID.finditer(text):
            for found in _NAMED.finditer(text, *piece.span()):
                key = found[1], found[2] or found[3]
                if piece[0].startswith("{%"):
                    asked.add(key)
                guarded = key in asked or _DEFAULT.search(piece[0]) is not None
                line = text.count("\n", 0, found.start()) + 1
                column = found.start() - text.rfind("\n", 0, found.start())
                yield Named(*key, file, line, column, guarded)


def printed(
    named: Collection[Named],
    variables: Collection[str],
    parameters: Parameters,
    event: Field,
    report: Report,
) -> Mapping[str, Printable]:
    """The values of the parameters that are named; what is not there is noted.

    `event` is what is known of the activities that begin a passage.
    """
    properties = _properties(event)
    known = {
        VARIABLES: variables,
        PARAMETERS: parameters.values,
        TRIGGER: None if properties is None else properties.fields,
    }
    found: dict[str, Printable] = {}
    for one in named:
        names = known[one.root]
        if names is not None and one.name not in names:
            report.findings.append(_unknown(one, names))
        elif one.root == PARAMETERS:
            parameters.used.add(one.name)
            value = parameters.values[one.name]
            if isinstance(value, timedelta):
                report.findings.append(_finding(one, "is a duration, and no template prints one"))
            else:
                found[one.name] = value
        elif not one.guarded and not _is_certain(one, properties):
            report.findings.append(
                _finding(
                    one,
                    f"may be missing; write `{one.text} | default: '…'` or ask for it with `{{% if {one.text} %}}`",
                )
            )
    return dict(sorted(found.items()))


def _is_certain(one: Named, properties: ObjectOf | None) -> bool:
    """Whether the tracking plan promises it; where there is none, the playbook was checked when it was published."""
    if one.root == TRIGGER:
        return properties is None or properties.fields[one.name].promised
    return False


def _properties(event: Field) -> ObjectOf | None:
    """The properties that it can have; None: any."""
    fields = event.type.fields if isinstance(event.type, ObjectOf) else {}
    properties = fields["properties"].type if "properties" in fields else None
    return properties if isinstance(properties, ObjectOf) and not properties.is_open else None


def _unknown(one: Named, names: Collection[str]) -> Finding:
    missing = {
        VARIABLES: "is set by no step",
        PARAMETERS: "is no parameter of the playbook",
        TRIGGER: "is no property of the activities that begin a passage",
    }
    return _finding(one, missing[one.root] + did_you_mean(one.name, sorted(names)))


def _finding(one: Named, what: str) -> Finding:
    return Finding(one.file, one.line, one.column, f"`{one.text}` {what}")
