"""Customers of a shop with journeys: their rows as the orchestrator writes them, and what they go on doing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from common.configuration import Configuration, Content, Release, content_of
from common.contracts.profiles import ActivityRecorded, ConsentChanged, TraitsChanged
from common.ids import derive
from common.merging import Kept
from common.postgres import Database
from cuestream.bench.backlog import ADDED, BEGUN, people
from cuestream.bench.filling import copy, settled, without_indexes
from cuestream.bench.sides import WORKSPACE, WORKSPACE_FILE
from cuestream.rehearsal import Life
from orchestrator.consumer import LOOP, libraries
from orchestrator.domain.library import Library
from orchestrator.domain.state import Enrollment, ProfileState
from orchestrator.store import STATE_SCHEMA

NAMES: Final = ("Product Viewed",) * 7 + ("Page Viewed",) * 2 + (ADDED,)
"""What customers do, in these shares."""
_PROFILES = ("partition", "profile_id", "workspace", "now", "schema", "state")
_TIMERS = ("loop", "partition", "profile_id", "name", "workspace", "due_at", "correlation", "traceparent")  # fmt: skip
_ENROLLMENTS = ("partition", "profile_id", "enrollment_id", "workspace", "playbook", "version", "step", "entered_at", "moved_at")  # fmt: skip
_DAY = timedelta(days=1)
_encode = msgspec.json.Encoder().encode


def library_of(playbooks: Sequence[Content]) -> Callable[[str], Library]:
    """The playbooks as the orchestrator compiles them."""
    workspace = content_of("workspace", WORKSPACE, {"workspace.yaml": WORKSPACE_FILE})
    release = Release(WORKSPACE, 1, (workspace, *playbooks))
    contents = {content.key: content for content in release.contents}
    return libraries(Configuration(releases={WORKSPACE: release}, contents=contents))


def sample(library: Callable[[str], Library], *, rests: bool) -> Life:
    """A customer who may be written to and was here before; who rests has something in the cart."""
    life = Life(library, WORKSPACE, derive("bench", "sample"), BEGUN)
    life.learns(
        TraitsChanged(
            profile_version=1, locale="en", time_zone=None, country="DE", reachable=("email",)
        )
    )
    life.learns(
        ConsentChanged(
            profile_version=2,
            channel="email",
            purpose="marketing",
            granted=True,
            basis="opt_in",
            since=BEGUN,
            proof_id=life.who,
        )
    )
    life.learns(activity(life.who, ADDED if rests else "Page Viewed", BEGUN))
    return life


def activity(who: UUID, name: str, at: datetime) -> ActivityRecorded:
    """Something that a customer does."""
    return ActivityRecorded(
        event_id=derive("bench", who, name, at.isoformat()),
        name=name,
        source="shop",
        message_id="bench",
        occurred_at=at,
        received_at=at,
        profile_version=2,
        properties={"cart_id": "c-4711", "product_id": "p-0815", "quantity": 1, "price": 18.99},
    )


Due = Callable[[int], datetime | None]
"""When the passage of the customer of that number is due; None: when it is of itself."""


async def fill_shoppers(
    database: Database, like: Life, count: int, partitions: int, due: Due = lambda _: None
) -> None:
    """So many copies of a customer: rows, timers, and the index of passages."""
    if like.state is None:
        raise ValueError("nothing happened to the customer")
    shoppers = _Shoppers(like.state, like.timers, count, partitions, due)
    for table, columns, rows in (
        ("profiles", _PROFILES, shoppers.profiles()),
        ("timers", _TIMERS, shoppers.timers()),
        ("enrollments", _ENROLLMENTS, shoppers.enrollments()),
    ):
        async with without_indexes(database, table):
            await copy(database, table, columns, rows)
        await settled(database, table)


class _Shoppers:
    def __init__(
        self,
        state: ProfileState,
        timers: dict[str, datetime],
        count: int,
        partitions: int,
        due: Due,
    ) -> None:
        self._state = state
        self._own = {one.timer for one in state.enrollments}
        self._timers = {name: at for name, at in timers.items() if name not in self._own}
        self._count = count
        self._partitions = partitions
        self._due = due

    def profiles(self) -> Iterator[tuple[Any, ...]]:
        for number, (partition, profile) in enumerate(people(self._count, self._partitions)):
            own = tuple(sorted(self._passages(number, profile), key=lambda one: (one.playbook, one.id)))  # fmt: skip
            state = Kept(replace(self._state, enrollments=own))
            yield partition, profile, WORKSPACE, BEGUN, STATE_SCHEMA, _encode(state)

    def timers(self) -> Iterator[tuple[Any, ...]]:
        for number, (partition, profile) in enumerate(people(self._count, self._partitions)):
            trace = f"00-{profile.hex}-{profile.hex[:16]}-01"
            own = [(one.timer, one.due_at) for one in self._passages(number, profile)]
            for name, at in [*self._timers.items(), *own]:
                yield LOOP, partition, profile, name, WORKSPACE, at, profile, trace

    def enrollments(self) -> Iterator[tuple[Any, ...]]:
        for number, (partition, profile) in enumerate(people(self._count, self._partitions)):
            for one in self._passages(number, profile):
                yield (
                    *(partition, profile, one.id, WORKSPACE, one.playbook, one.version),
                    *(one.step, one.entered_at, BEGUN),
                )

    def _passages(self, number: int, profile: UUID) -> Iterator[Enrollment]:
        for one in self._state.enrollments:
            id_ = derive("enrollment", profile, one.playbook)
            yield replace(one, id=id_, due_at=self._due(number) or one.due_at)


def in_lots(begun: datetime, apart: timedelta, never: datetime, size: int, lots: int) -> Due:
    """The first numbers are due one after the other, in so many lots of that size, each a day after the one before; all others long after."""

    def due(number: int) -> datetime:
        lot, index = divmod(number, size)
        return begun + lot * _DAY + index * apart if lot < lots else never

    return due
