"""How a workspace tells people apart: which of their ids link, which count more, and when an id stops linking."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from common.documents import parse_duration

KindName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
NamedId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}:.{1,250}$")]


def _duration(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


def _kind_alone(value: object) -> object:
    return {"kind": value} if isinstance(value, str) else value


Period = Annotated[timedelta, BeforeValidator(_duration), Field(gt=timedelta())]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sharing(_Part):
    """How many may have one id before it says nothing of who somebody is."""

    at_most: int = Field(ge=1, le=100)
    """Profiles that were told apart until this id was said of them."""
    per: Period = timedelta(days=30)
    """Within so much time."""


class LinkedKind(_Part):
    """One kind of id by which people are known again."""

    kind: KindName
    """`email`, `phone`, or the type of an external id."""
    at_most: int = Field(default=10, ge=1, le=100)
    per: Period = timedelta(days=30)
    single: bool = False
    """Nobody has two of them, as with a customer number: two that differ are two people."""


class Identity(_Part):
    """`identity:` of a workspace."""

    identifiers: tuple[Annotated[LinkedKind, BeforeValidator(_kind_alone)], ...] = (
        LinkedKind(kind="email"),
        LinkedKind(kind="phone"),
    )
    """Beside user ids, which count most, and anonymous ids, which count least; the first counts more than the second."""
    devices: Sharing = Sharing(at_most=5)
    """People of whom one anonymous id was said: beyond it stands for a terminal in a shop, not for a person."""
    never: tuple[NamedId, ...] = ()
    """Ids that link nobody, such as `email:info@example.com`."""
    browsers: bool = False
    """Whether these ids also link where a browser key says them: anybody can type anybody's address into a page."""
    region: Region | None = None
    """Where a phone number is from that does not say so."""

    @model_validator(mode="after")
    def _kinds_are_others(self) -> Identity:
        kinds = [linked.kind for linked in self.identifiers]
        if len(set(kinds)) < len(kinds):
            raise ValueError("a kind of identifier is there twice")
        for kind in kinds:
            if kind in {"user", "anonymous"}:
                raise ValueError(f"{kind} is always there and needs no entry")
        return self
