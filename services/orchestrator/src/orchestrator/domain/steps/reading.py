"""Reading steps from a playbook: what each may name, and the blocks that stand inside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from common.conditions import (
    BOOL,
    DOUBLE,
    INT,
    STRING,
    TIMESTAMP,
    Condition,
    Expression,
    Field,
    ObjectOf,
    Type,
)
from common.documents import Report, Value, did_you_mean
from orchestrator.domain.words import Words

if TYPE_CHECKING:
    from orchestrator.domain.steps.step import Step

AUDIENCES: Final = "ads"
"""Whom it reaches reads nothing of ours: they see the advertisements of an audience."""
KEPT: Final = (STRING, INT, DOUBLE, BOOL)
"""What a variable may be."""
MAX_DEPTH: Final = 8
"""Blocks inside blocks."""


@dataclass(frozen=True, slots=True)
class Node:
    """A step in the place where it was written, with the blocks that stand inside it."""

    id: str
    step: Step
    value: Value
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """Steps inside a step, on one of its ways."""

    name: str
    nodes: tuple[Node, ...]


@dataclass(slots=True)
class Reading:
    """What the steps of one playbook are read with; steps declare variables for those that follow."""

    playbook: str
    kinds: Mapping[str, type[Step]]
    words: Words
    messages: frozenset[tuple[str, str]]
    """Message and channel for which there is a template."""
    report: Report
    zone: ZoneInfo
    """The workspace's."""
    segments: Mapping[str, str] | None = None
    """The workspace's, with their conditions; None: they are not known here, and nobody comes into one or leaves it."""
    begun_by: frozenset[str] = frozenset()
    """The activities that begin a passage; none: other things begin it, too, or we do not know yet."""
    variables: dict[str, Type] = field(default_factory=dict)
    _path: list[str] = field(default_factory=list)
    _blocks: list[list[Block]] = field(default_factory=list)
    _ids: dict[str, Value] = field(default_factory=dict)
    _references: list[tuple[str, Value]] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The id of the step that is being read."""
        return ".".join(self._path)

    def steps(self, section: Value) -> tuple[Node, ...]:
        """A list of steps, each read apart, so that all their mistakes are found at once."""
        values = section.one_or_more()
        if not values:
            self.report.read(lambda: section.fail("the list is empty"), None)
        found = (
            self.report.read(partial(self._step, index, value), None)
            for index, value in enumerate(values)
        )
        return tuple(node for node in found if node is not None)

    def block(self, name: str, section: Value | None) -> None:
        """The next block inside the step that is being read; nothing written means that it goes on at once."""
        if section is not None and len(self._blocks) > MAX_DEPTH:
            section.fail(f"more than {MAX_DEPTH} blocks inside each other")
        self._path.append(name)
        try:
            nodes = () if section is None else self.steps(section)
            self._blocks[-1].append(Block(name, nodes))
        finally:
            self._path.pop()

    def duration(self, value: Value) -> timedelta:
        """A duration that is written out or named."""
        return self.words.parameters.duration(value)

    def number(self, value: Value) -> float:
        """A number that is written out or named."""
        return self.words.parameters.number(value)

    def condition(self, value: Value, hears: Iterable[str] = ()) -> Condition:
        """A condition inside the steps; where it is asked of activities, of these."""
        return self.words.condition(value, self._inside(hears))

    def expression(
        self, value: Value, expects: Type | None = None, hears: Iterable[str] = ()
    ) -> Expression:
        """An expression inside the steps, of any type or of the one that is expected; as `condition`, of activities."""
        return self.words.expression(value, self._inside(hears), expects)

    def kept(self, value: Value, hears: Iterable[str] = ()) -> Mapping[str, Expression]:
        """Variables with what they are set to, declared for the steps that follow."""
        found: dict[str, Expression] = {}
        heard = list(hears)
        for key, said in zip(value.keys(), value.entries().values(), strict=True):
            expression = self.expression(said, hears=heard)
            if expression.type not in KEPT:
                kinds = ", ".join(type_.name for type_ in KEPT)
                said.fail(
                    f"a variable is one of {kinds}, this is a {expression.type.name}; "
                    "say which with `string(…)`, `int(…)` or `double(…)`"
                )
            found[self.declare(key, expression.type)] = expression
        return found

    def segment(self, value: Value) -> str:
        """The condition of a segment of the workspace."""
        name = value.name()
        if self.segments is None:
            return "false"
        if name not in self.segments:
            value.fail(
                f"the workspace has no segment `{name}`{did_you_mean(name, sorted(self.segments))}"
            )
        return self.segments[name]

    def day(self, value: Value, *, yearly: bool) -> Expression:
        """A date of the customer's; what comes every year may be a month and a day, as text."""
        found = self.words.expression(value, self.words.about_customer())
        if found.type != TIMESTAMP and not (yearly and found.type == STRING):
            value.fail(f"this must be a timestamp, but it is a {found.type.name}")
        return found

    def declare(self, name: Value, type_: Type) -> str:
        """A variable that is set here; one name has one type."""
        text = name.name()
        known = self.variables.setdefault(text, type_)
        if known != type_:
            name.fail(f"`{text}` was a {known.name} before, here it is a {type_.name}")
        return text

    def refer(self, id_: str, value: Value) -> None:
        """Another step is named here; `check_references` looks whether there is one."""
        self._references.append((id_, value))

    def check_references(self) -> None:
        """Note each step that is named and not there."""
        for id_, value in self._references:
            if id_ not in self._ids:
                self.report.read(partial(_fail_unknown, id_, value, list(self._ids)), None)

    def check_templates(self, value: Value, message: str, channels: Sequence[str]) -> None:
        """Every message that is proposed has a template for each of its channels that has readers."""
        known = sorted({name for name, _ in self.messages})
        hint = "" if message in known else did_you_mean(message, known)
        for channel in channels:
            if channel != AUDIENCES and (message, channel) not in self.messages:
                value.fail(
                    f"there is no template `templates/{message}.{channel}.<locale>.liquid`{hint}"
                )

    def _step(self, index: int, value: Value) -> Node:
        """One step: a mapping with one key, the kind, and perhaps an id."""
        fields = value.fields(optional=["id", *self.kinds])
        chosen = [name for name in fields if name != "id"]
        if len(chosen) != 1:
            value.fail(f"a step is one of {', '.join(self.kinds)}")
        said = fields.get("id")
        own = said.name() if said is not None else str(index)
        before = self._path[:]
        # A name of its own is a place of its own: it stays the same when the step is moved.
        self._path[:] = [own] if said is not None else [*before, own]
        self._blocks.append([])
        try:
            self._know(said or value)
            step = self.kinds[chosen[0]].read(fields[chosen[0]], self)
            return Node(self.id, step, value, tuple(self._blocks[-1]))
        finally:
            self._blocks.pop()
            self._path[:] = before

    def _know(self, value: Value) -> None:
        if self.id in self._ids:
            value.fail(f"there are two steps `{self.id}`")
        self._ids[self.id] = value

    def _inside(self, hears: Iterable[str] = ()) -> Mapping[str, Field]:
        heard = list(hears)
        roots = dict(self.words.about(heard))
        event = roots.pop("event")
        if heard:
            roots["event"] = Field(event.type)
        variables = {name: Field(type_, nullable=True) for name, type_ in self.variables.items()}
        return {
            **roots,
            "trigger": Field(_trigger(self.words.about(self.begun_by)["event"]), nullable=True),
            "vars": Field(ObjectOf("vars", variables)),
        }


def _trigger(event: Field) -> ObjectOf:
    """What is kept of the activity that began a passage."""
    kept = event.type.fields if isinstance(event.type, ObjectOf) else {}
    return ObjectOf("trigger", {n: kept[n] for n in ("name", "occurred_at", "properties")})


def _fail_unknown(id_: str, value: Value, known: Sequence[str]) -> None:
    value.fail(f"there is no step `{id_}`{did_you_mean(id_, known)}")
