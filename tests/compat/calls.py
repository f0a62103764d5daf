"""The calls that every SDK has, and what each must lead to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ACTIVITIES: Mapping[str, str] = {
    "track": "Sdk Tried",
    "page": "Page Viewed",
    "screen": "Screen Viewed",
    "group": "Group Joined",
}
"""What the calls that tell of a deed are called in `profile.activity`."""
KINDS = ("identify", *ACTIVITIES, "alias")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Call:
    """One call, its members as the SDKs for Node name them."""

    kind: str
    members: Mapping[str, Any]

    @property
    def message_id(self) -> str:
        return str(self.members["messageId"])

    @property
    def in_python(self) -> dict[str, Any]:
        """The same as the SDKs for Python name them."""
        return {_HUMP.sub("_", name).lower(): value for name, value in self.members.items()}


def visit(user: str) -> Sequence[Call]:
    """Each call once, of one user; the alias says that a visitor of a name of its own was the same person."""
    more: Mapping[str, Mapping[str, Any]] = {
        "identify": {"traits": {"locale": "de"}},
        "track": {"event": ACTIVITIES["track"], "properties": {"product_id": "p1"}},
        "page": {"name": "Home", "properties": {"path": "/"}},
        "screen": {"name": "Basket"},
        "group": {"groupId": f"{user}-company"},
        "alias": {"previousId": f"{user}-before"},
    }
    return [
        Call(kind, {"userId": user, "messageId": f"{user}-{kind}", **more[kind]}) for kind in KINDS
    ]
