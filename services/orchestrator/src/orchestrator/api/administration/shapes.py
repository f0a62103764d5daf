"""Keys and deeds as the api takes and gives them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from orchestrator.ports.administration import Scope

KeyName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$")]


class WantedKey(BaseModel):
    """A key that somebody shall get."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: KeyName = Field(
        description="By which the audit calls whoever uses it; never given twice."
    )
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)]


class KnownKey(BaseModel):
    """A key without the key."""

    name: str
    scopes: list[Scope]
    created_at: datetime
    created_by: str
    revoked_at: datetime | None = None


class NewKey(KnownKey):
    """A key that was just made."""

    key: str = Field(description="Shown once; only its hash is kept.")


class ToldDeed(BaseModel):
    """One line of the audit."""

    at: datetime
    who: str = Field(
        description="`key:` and the key's name, or the beginning of the first key's hash."
    )
    what: str
    detail: Mapping[str, Any]
