"""What the proxy can be told, as JSON lines."""

from __future__ import annotations

import msgspec

from cuestream.stack.proxy.faults import Fault, Link, LinkState


class Suffer(msgspec.Struct, frozen=True, tag="suffer"):
    """From now on a link has this fault."""

    link: Link
    fault: Fault


class Heal(msgspec.Struct, frozen=True, tag="heal"):
    """A link, and every one that it covers, has no fault any more."""

    link: Link


class Reset(msgspec.Struct, frozen=True, tag="reset"):
    """The connections of a link end now; new ones are welcome."""

    link: Link


class Look(msgspec.Struct, frozen=True, tag="look"):
    """Only say what is open."""


Order = Suffer | Heal | Reset | Look
States = list[LinkState]
