"""Reads and checks a playbook's `journey.yaml`; every mistake is named by line and column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final, TypeVar, cast
from zoneinfo import ZoneInfo

from common.conditions import STRING
from common.contracts.actions import Printable
from common.customer.activities import Schema
from common.documents import DocumentError, Finding, Report, Value, parse_document
from orchestrator.domain.asking import named_in, printed
from orchestrator.domain.journey import Again, Entry, Exit, Journey
from orchestrator.domain.parameters import (
    Override,
    Parameter,
    Parameters,
    in_force,
    read_parameters,
)
from orchestrator.domain.program import Placed, program_of
from orchestrator.domain.reasons import exit_when, goal
from orchestrator.domain.setting import Setting
from orchestrator.domain.steps import CHANNELS, PURPOSES, STEPS, Reading
from orchestrator.domain.triggers import Trigger, read_trigger
from orchestrator.domain.words import Words

JOURNEY_FILE: Final = "journey.yaml"
AGAIN: Final = ("never", "per_key", "always")
MAX_STEPS: Final = 200
HOME: Final = ZoneInfo("Europe/Berlin")
"""Where a workspace is that says nothing of it."""

TEMPLATES: Final = "templates/"
_TEMPLATE = re.compile(
    r"templates/([a-z][a-z0-9_]*)\.([a-z]+)\.[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*\.liquid"
)

_TRIGGER = re.compile(r"\btrigger\.")
_ASKED = re.compile(r"""\btrigger\.properties(?:\.(\w+)|\[['"]([^'"]+)['"]\])""")

T = TypeVar("T")


def parse_playbook(
    name: str,
    version: str,
    files: Mapping[str, str],
    overrides: Mapping[str, Override] | None = None,
    plan: Mapping[str, Schema] | None = None,
    zone: ZoneInfo = HOME,
    adapters: Iterable[str] = CHANNELS,
    segments: Mapping[str, str] | None = None,
) -> Journey:
    """Read one playbook with a workspace's own parameter values, its time zone, its segments, and the channels on which it can send.

    `plan` is that of the workspace, for the check before it is published; None: it was checked then.

    Raises:
        DocumentError: with all that is wrong, by file, line and column.
    """
    if JOURNEY_FILE not in files:
        raise DocumentError([Finding(JOURNEY_FILE, 1, 1, "the playbook has no such file")])
    fields = parse_document(JOURNEY_FILE, files[JOURNEY_FILE]).fields(
        required=["purpose", "trigger", "entry", "steps"],
        optional=["parameters", "exit_when", "goal"],
    )
    report = Report()
    declared, parameters = _parameters(fields.get("parameters"), overrides or {}, report)
    messages = _messages(files)
    reading = Reading(name, STEPS, Words(parameters, plan), messages, report, zone, segments)
    triggers = _each(fields["trigger"], lambda value: read_trigger(value, reading), report)
    reading.begun_by = _heard(triggers)
    steps = _steps(fields["steps"], reading)
    journey = Journey(
        name=name,
        version=version,
        purpose=report.read(lambda: fields["purpose"].one_of(PURPOSES), ""),
        triggers=triggers,
        entry=report.read(lambda: _entry(fields["entry"], reading), Entry(None, "never")),
        exits=(
            *_each(fields.get("exit_when"), partial(_exit, reading, exit_when), report),
            *_each(fields.get("goal"), partial(_exit, reading, goal), report),
        ),
        steps=steps,
        setting=Setting(tuple(sorted(reading.variables)), zone, frozenset(adapters)),
        asked_of_trigger=_asked_of_trigger(files),
        messages=messages,
        templates={path: text for path, text in files.items() if path.startswith(TEMPLATES)},
        written={name: fields[name] for name in fields},
        values=parameters.values,
        printed={} if report.findings else _printed(files, reading, parameters),
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


def _entry(value: Value, reading: Reading) -> Entry:
    fields = value.fields(required=["again"], optional=["key", "when", "at_once"])
    key, again = fields.get("key"), fields["again"]
    about = reading.words.about(reading.begun_by)
    expression = reading.words.expression(key, about, STRING) if key else None
    when, at_once = fields.get("when"), fields.get("at_once")
    admits = reading.words.condition(when, about) if when else None
    together = _at_once(at_once) if at_once else None
    if again.is_mapping:
        after = again.fields(required=["after"])["after"]
        return Entry(expression, after.duration(), admits, together)
    chosen = cast("Again", again.one_of(AGAIN))
    if chosen == "per_key" and expression is None:
        again.fail("`per_key` needs a `key`")
    return Entry(expression, chosen, admits, together)


def _at_once(value: Value) -> int:
    number = value.integer()
    if number < 1:
        value.fail("at least one passage at once")
    return number


def _exit(reading: Reading, reason_of: Callable[[str], str], value: Value) -> Exit:
    fields = value.fields(optional=["event", "when", "reason"])
    event, when, reason = fields.get("event"), fields.get("when"), fields.get("reason")
    if event is None and when is None:
        value.fail("an exit has an `event`, a condition `when`, or both")
    said = reason.text() if reason else reason_of((event or when or value).text())
    if event is None:
        words = reading.words
        return Exit(None, words.condition(when, words.about()) if when else None, said)
    about = [event.text()]
    return Exit(about[0], reading.condition(when, about) if when else None, said)


def _steps(section: Value, reading: Reading) -> tuple[Placed, ...]:
    steps = program_of(reading.steps(section))
    reading.check_references()
    if len(steps) > MAX_STEPS:
        reading.report.read(lambda: section.fail(f"more than {MAX_STEPS} steps"), None)
    return steps


def _heard(triggers: Iterable[Trigger]) -> frozenset[str]:
    """The activities that begin a passage; none where something else does, too."""
    each = [trigger.events for trigger in triggers]
    return frozenset().union(*(events for events in each if events)) if all(each) else frozenset()


def _asked_of_trigger(files: Mapping[str, str]) -> frozenset[str] | None:
    """What any file asks of the activity that began the passage: only that is kept."""
    texts = list(files.values())
    if not any(_TRIGGER.search(text) for text in texts):
        return None
    asked = (names for text in texts for names in _ASKED.findall(text))
    return frozenset(plain or quoted for plain, quoted in asked)


def _printed(
    files: Mapping[str, str], reading: Reading, parameters: Parameters
) -> Mapping[str, Printable]:
    # Where a step could not be read, what it would have set is not known: this comes after all other mistakes.
    event = reading.words.about(reading.begun_by)["event"]
    return printed(
        list(named_in(files)), sorted(reading.variables), parameters, event, reading.report
    )


def _check_all_used(
    declared: Mapping[str, Parameter],
    parameters: Parameters,
    section: Value | None,
    report: Report,
) -> None:
    entries = section.entries() if section else {}
    for name in declared.keys() - parameters.used:
        report.read(
            partial(entries[name].fail, f"`{name}` is used by no step and no condition"), None
        )
