"""How a standing travels to the partition of the profile that its own has become."""

from __future__ import annotations

from typing import Final

import msgspec

from common.errors import PermanentError
from scoring.domain.lead_score import LeadStanding

SCHEMA: Final = 1
"""Raise it with each change of `LeadStanding` that an older process cannot read."""


class PackedStanding(msgspec.Struct, frozen=True):
    """A standing and the schema it was written in: it may meet another version of us."""

    schema: int
    standing: LeadStanding


def pack(standing: LeadStanding) -> msgspec.Raw:
    """What the winner's partition is told."""
    return msgspec.Raw(msgspec.json.encode(PackedStanding(SCHEMA, standing)))


def unpack(data: msgspec.Raw) -> LeadStanding:
    """What the loser's partition told.

    Raises:
        PermanentError: `newer_schema`, we do not know that one yet; `undecodable`.
    """
    try:
        packed = msgspec.json.decode(data, type=PackedStanding)
    except msgspec.MsgspecError as error:
        raise PermanentError("undecodable", str(error)) from error
    if packed.schema > SCHEMA:
        raise PermanentError("newer_schema", f"a standing of schema {packed.schema}")
    return packed.standing
