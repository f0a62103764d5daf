"""How a profile's journeys travel to the partition of the profile that it has become."""

from __future__ import annotations

from typing import Final

import msgspec

from common.errors import PermanentError
from orchestrator.domain.state import ProfileState

SCHEMA: Final = 2
"""Raise it with each change of `ProfileState` that an older process cannot read."""


class PackedState(msgspec.Struct, frozen=True):
    """A state and the schema it was written in: it may meet another version of us."""

    schema: int
    state: ProfileState


def pack(state: ProfileState) -> msgspec.Raw:
    """What the winner's partition is told."""
    return msgspec.Raw(msgspec.json.encode(PackedState(SCHEMA, state)))


def unpack(data: msgspec.Raw) -> ProfileState:
    """What the loser's partition told.

    Raises:
        PermanentError: `newer_schema`, we do not know that one yet; `undecodable`.
    """
    try:
        packed = msgspec.json.decode(data, type=PackedState)
    except msgspec.MsgspecError as error:
        raise PermanentError("undecodable", str(error)) from error
    if packed.schema > SCHEMA:
        raise PermanentError("newer_schema", f"a state of schema {packed.schema}")
    return packed.state
