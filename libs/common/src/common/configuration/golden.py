"""Which of the values that several sources say of a person stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

TraitName = Literal[
    "email", "phone", "first_name", "last_name", "locale", "time_zone", "country", "birthday"
]


class TraitRule(BaseModel):
    """One trait's rule."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: Literal["newest", "priority", "never_emptied", "most_restrictive"]
    sources: tuple[str, ...] = Field(default=(), max_length=50)
    """priority: the first counts most."""

    @model_validator(mode="after")
    def _priority_names_sources(self) -> TraitRule:
        if (self.rule == "priority") != bool(self.sources):
            raise ValueError("write `priority: [SOURCE, …]`, and sources with no other rule")
        if len(set(self.sources)) < len(self.sources):
            raise ValueError("a source is there twice")
        return self


def _rule(value: object) -> object:
    if isinstance(value, str):
        return {"rule": value}
    if isinstance(value, dict) and set(value) == {"priority"}:
        return {"rule": "priority", "sources": value["priority"]}
    return value


GoldenRecord = Mapping[TraitName, Annotated[TraitRule, BeforeValidator(_rule)]]
"""`golden_record:` of a workspace; of traits that are not there the newest value stands."""


def check_golden_record(rules: GoldenRecord) -> GoldenRecord:
    """Raises ValueError where a rule makes no sense for its trait."""
    for trait, rule in rules.items():
        if rule.rule == "most_restrictive" and trait != "birthday":
            raise ValueError(f"of {trait} no value restricts more than another")
    return rules
