"""Reads and checks a playbook's `journey.yaml`; every mistake is named by line and column."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import partial
from typing import Final, TypeVar, cast

from common.conditions import (
    STRING,
    Condition,
    ConditionError,
    Expression,
    compile_condition,
    compile_expression,
)
from common.customer import ROOTS
from common.documents import DocumentError, Finding, Report, Value, parse_document
from orchestrator.domain.journey import Again, Entry, Exit, Journey, Trigger
from orchestrator.domain.parameters import (
    Override,
    Parameter,
    Parameters,
    in_force,
    read_parameters,
)
from orchestrator.domain.reasons import exit_when
from orchestrator.domain.steps import Propose, Step, read_step

JOURNEY_FILE: Final = "journey.yaml"
PURPOSES: Final = ("marketing", "transactional", "profiling")
AGAIN: Final = ("never", "per_key", "always")
MAX_STEPS: Final = 50

_TEMPLATE = re.compile(
    r"templates/([a-z][a-z0-9_]*)\.([a-z]+)\.[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*\.liquid"
)

T = TypeVar("T")
C = TypeVar("C", Condition, Expression)


def parse_playbook(
    name: str,
    version: str,
    files: Mapping[str, str],
    overrides: Mapping[str, Override] | None = None,
) -> Journey:
    """Read one published playbook with a workspace's own parameter values.

    Raises:
        DocumentError: with all that is wrong, by file, line and column.
    """
    if JOURNEY_FILE not in files:
        raise DocumentError([Finding(JOURNEY_FILE, 1, 1, "the playbook has no such file")])
    fields = parse_document(JOURNEY_FILE, files[JOURNEY_FILE]).fields(
        required=["purpose", "trigger", "entry", "steps"], optional=["parameters", "exit_when"]
    )
    report = Report()
    declared, parameters = _parameters(fields.get("parameters"), overrides or {}, report)
    messages = _messages(files)
    journey = Journey(
        name=name,
        version=version,
        purpose=report.read(lambda: fields["purpose"].one_of(PURPOSES), ""),
        triggers=_each(fields["trigger"], _trigger, report),
        entry=report.read(lambda: _entry(fields["entry"]), Entry(None, "never")),
        exits=_each(fields.get("exit_when"), _exit, report),
        steps=_steps(fields["steps"], parameters, messages, report),
        messages=messages,
    )
    # Where a step could not be read, what it would have used is not known.
    if not report.findings:
        _check_all_used(declared, parameters, fields.get("parameters"), report)
    report.close()
    return journey


def _parameters(
    section: Value | None, overrides: Mapping[str, Override], report: Report
) -> tuple[Mapping[str, Parameter], Parameters]:
    nothing: dict[str, Parameter] = {}
    declared = report.read(lambda: read_parameters(section), nothing) if section else nothing
    return declared, Parameters(in_force(declared, overrides, report))


def _messages(files: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    matches = (_TEMPLATE.fullmatch(path) for path in files)
    return frozenset((match[1], match[2]) for match in matches if match)


def _each(section: Value | None, read: Callable[[Value], T], report: Report) -> tuple[T, ...]:
    """One or more of a kind, each read apart, so that all their mistakes are found at once."""
    if section is None:
        return ()
    values = section.one_or_more()
    if not values:
        report.read(lambda: section.fail("the list is empty"), None)
    found = (report.read(partial(read, value), None) for value in values)
    return tuple(one for one in found if one is not None)


def _trigger(value: Value) -> Trigger:
    fields = value.fields(required=["event"], optional=["when"])
    events = [event.text() for event in fields["event"].one_or_more()]
    if not events:
        fields["event"].fail("name at least one event")
    when = fields.get("when")
    return Trigger(frozenset(events), _condition(when) if when else None)


def _entry(value: Value) -> Entry:
    fields = value.fields(required=["again"], optional=["key"])
    key, again = fields.get("key"), fields["again"]
    expression = (
        _compiled(key, lambda text: compile_expression(text, ROOTS, STRING)) if key else None
    )
    if again.is_mapping:
        after = again.fields(required=["after"])["after"]
        return Entry(expression, after.duration())
    chosen = cast("Again", again.one_of(AGAIN))
    if chosen == "per_key" and expression is None:
        again.fail("`per_key` needs a `key`")
    return Entry(expression, chosen)


def _exit(value: Value) -> Exit:
    fields = value.fields(optional=["event", "when", "reason"])
    event, when, reason = fields.get("event"), fields.get("when"), fields.get("reason")
    if (event is None) == (when is None):
        value.fail("an exit has either `event` or `when`")
    said = reason.text() if reason else exit_when((event or when or value).text())
    return Exit(event.text() if event else None, _condition(when) if when else None, said)


def _steps(
    section: Value, parameters: Parameters, messages: frozenset[tuple[str, str]], report: Report
) -> tuple[Step, ...]:
    def read(value: Value) -> Step:
        step = read_step(value, parameters)
        if isinstance(step, Propose):
            _check_templates(value, step, messages)
        return step

    steps = _each(section, read, report)
    if len(steps) > MAX_STEPS:
        report.read(lambda: section.fail(f"more than {MAX_STEPS} steps"), None)
    return steps


def _check_templates(value: Value, step: Propose, messages: frozenset[tuple[str, str]]) -> None:
    message = step.proposal.message
    known = sorted({name for name, _ in messages})
    near = get_close_matches(message, known, n=1)
    hint = f"; did you mean `{near[0]}`?" if near and message not in known else ""
    for channel in step.proposal.channels:
        if (message, channel) not in messages:
            value.fail(
                f"there is no template `templates/{message}.{channel}.<locale>.liquid`{hint}"
            )


def _check_all_used(
    declared: Mapping[str, Parameter],
    parameters: Parameters,
    section: Value | None,
    report: Report,
) -> None:
    entries = section.entries() if section else {}
    for name in declared.keys() - parameters.used:
        report.read(partial(entries[name].fail, f"`{name}` is used by no step"), None)


def _condition(value: Value) -> Condition:
    return _compiled(value, lambda text: compile_condition(text, ROOTS))


def _compiled(value: Value, compile_: Callable[[str], C]) -> C:
    """Compile a condition's text; its mistakes get their place in the file."""
    try:
        return compile_(value.text())
    except ConditionError as error:
        hint = f"; did you mean `{error.suggestion}`?" if error.suggestion else ""
        line, column = value.place_of(error.line, error.column)
        finding = Finding(value.file, line, column, f"{error.message}{hint}")
        raise DocumentError([finding]) from error
