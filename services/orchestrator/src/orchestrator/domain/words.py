"""What the conditions of one playbook may name: customer, event, now, and the playbook's own parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from common.conditions import (
    BOOL,
    DURATION,
    INT,
    NUMBER,
    STRING,
    Condition,
    ConditionError,
    Expression,
    Field,
    ObjectOf,
    Type,
    compile_condition,
    compile_expression,
)
from common.customer import PUBLISHED_ROOTS, roots_of
from common.customer.activities import Schema
from common.documents import DocumentError, Finding, Value
from orchestrator.domain.parameters import Parameters, ParameterValue

PARAMETERS: Final = "parameters"
_TYPES: Final[Mapping[type, Type]] = {
    timedelta: DURATION,
    int: INT,
    float: NUMBER,
    str: STRING,
    bool: BOOL,
}

C = TypeVar("C", bound=Expression)


@dataclass(frozen=True, slots=True)
class Words:
    """Compiles conditions; each parameter that one reads counts as used."""

    parameters: Parameters
    plan: Mapping[str, Schema] | None
    """The workspace's tracking plan: what is said of an event's properties, by its name.

    None: the playbook was checked when it was published, and a plan of today does not end what is under way.
    """

    def about(self, events: Iterable[str] = ()) -> Mapping[str, Field]:
        """What may be named of the customer and of one of these activities; none: of any."""
        declared = {name: _known(value) for name, value in self.parameters.values.items()}
        parameters = {PARAMETERS: Field(ObjectOf(PARAMETERS, declared))}
        if self.plan is None:
            return {**PUBLISHED_ROOTS, **parameters}
        named = list(events)
        # Of an event that is in no plan nothing is certain; where any may come, nothing is either.
        schemas = [self.plan.get(name, {}) for name in named] or [*self.plan.values(), {}]
        return {**roots_of(schemas), **parameters}

    def about_customer(self) -> Mapping[str, Field]:
        """What may be named where nothing happens."""
        return {name: self.about()[name] for name in ("customer", PARAMETERS)}

    def condition(self, value: Value, roots: Mapping[str, Field]) -> Condition:
        """True or false about these.

        Raises:
            DocumentError: the text is no condition, with the place of the mistake in the file.
        """
        lenient = self.plan is None
        return self._compiled(value, lambda text: compile_condition(text, roots, lenient=lenient))

    def expression(
        self, value: Value, roots: Mapping[str, Field], expects: Type | None = None
    ) -> Expression:
        """An expression of any type, or of the one that is expected.

        Raises:
            DocumentError: it is none, or gives something else.
        """
        lenient = self.plan is None
        return self._compiled(
            value, lambda text: compile_expression(text, roots, expects, lenient=lenient)
        )

    def _compiled(self, value: Value, compile_: Callable[[str], C]) -> C:
        try:
            compiled = compile_(value.text())
        except ConditionError as error:
            hint = f"; did you mean `{error.suggestion}`?" if error.suggestion else ""
            line, column = value.place_of(error.line, error.column)
            finding = Finding(value.file, line, column, f"{error.message}{hint}")
            raise DocumentError([finding]) from error
        self.parameters.used.update(
            path[1] for path in compiled.reads.fields if path[0] == PARAMETERS and len(path) > 1
        )
        return compiled


def _known(value: ParameterValue) -> Field:
    """A parameter's value is in force for a version as a whole, so it is compiled into the condition."""
    return Field(_TYPES[type(value)], constant=value)
