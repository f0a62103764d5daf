"""Profiles as one row each, and beside them the slim index of enrollments, written only when one moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from typing_extensions import override

from common.consuming import Entry, Sheet, Signal, Transaction
from common.merging import Kept
from common.postgres import ProfileBook, ProfileKey
from common.postgres.book import Upgrade
from orchestrator.domain.state import ProfileState

STATE_SCHEMA: Final = 2
"""Raise it with each change of what is kept that an old row cannot be read as, and add the upgrade."""


class Where(NamedTuple):
    """What the index says of one enrollment."""

    enrollment_id: UUID
    playbook: str
    version: str
    step: int
    entered_at: datetime
    held: bool


def _knowing_merges(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Until schema 2 a row was the state alone, and of recent orders there were only the ids."""
    customer = dict(state.get("customer", {}))
    orders = dict(customer.get("orders", {}))
    ids = orders.pop("recent_ids", ())
    if ids:
        orders["recent"] = [{"id": id_, "at": orders["last_at"]} for id_ in ids]
        customer["orders"] = orders
    return {"state": {**state, "customer": customer}}


UPGRADES: Final[Mapping[int, Upgrade]] = {1: _knowing_merges}


class JourneyBook(ProfileBook[Kept[ProfileState]]):
    """The book of `orchestrator consume`; one loop uses it, one batch at a time."""

    def __init__(self) -> None:
        super().__init__(Kept[ProfileState], schema=STATE_SCHEMA, upgrades=UPGRADES)
        self._before: dict[ProfileKey, frozenset[Where]] = {}
        """What the index holds of the profiles of the batch that was loaded last."""
        self._looked_at: dict[ProfileKey, frozenset[str]] = {}
        """The same of the products that they looked at."""

    @override
    async def load(self, tx: Transaction, signals: Sequence[Signal]) -> Sheet[Kept[ProfileState]]:
        """Load the states, and note where each enrollment is before the folds move it."""
        sheet = await super().load(tx, signals)
        self._before = {
            cast("ProfileKey", key): _places(entry.state) for key, entry in sheet.entries.items()
        }
        self._looked_at = {
            cast("ProfileKey", key): viewed
            for key, entry in sheet.entries.items()
            if (viewed := _viewed(entry.state))
        }
        return sheet

    @override
    async def save_more(
        self, tx: Transaction, changed: Sequence[tuple[ProfileKey, Entry[Kept[ProfileState]]]]
    ) -> None:
        """Write the index where an enrollment came, went to another step, ended, or left with a merged profile."""
        gone: list[tuple[int, UUID, UUID]] = []
        moved: list[tuple[object, ...]] = []
        for key, entry in changed:
            before, after = self._before.get(key, frozenset()), _places(entry.state)
            still = {where.enrollment_id for where in after}
            gone += [
                (key.partition, key.profile_id, where.enrollment_id)
                for where in before
                if where.enrollment_id not in still
            ]
            moved += [
                (key.partition, key.profile_id, key.workspace, entry.now, *where)
                for where in after - before
            ]
        await self._write_interests(tx, changed)
        if gone:
            await tx.execute(_DELETE, *(list(column) for column in zip(*gone, strict=True)))
        if moved:
            await tx.execute(_UPSERT, *(list(column) for column in zip(*moved, strict=True)))

    async def _write_interests(
        self, tx: Transaction, changed: Sequence[tuple[ProfileKey, Entry[Kept[ProfileState]]]]
    ) -> None:
        """Write who looked at what, where a playbook asks for it."""
        gone: list[tuple[object, ...]] = []
        come: list[tuple[object, ...]] = []
        for key, entry in changed:
            before, after = self._looked_at.get(key, _NOTHING), _viewed(entry.state)
            gone += [(key.partition, key.profile_id, product) for product in before - after]
            come += [
                (key.partition, key.profile_id, key.workspace, product)
                for product in after - before
            ]
        if gone:
            await tx.execute(_FORGET, *(list(column) for column in zip(*gone, strict=True)))
        if come:
            await tx.execute(_REMEMBER, *(list(column) for column in zip(*come, strict=True)))


def _viewed(kept: Kept[ProfileState] | None) -> frozenset[str]:
    return _NOTHING if kept is None or kept.state is None else frozenset(kept.state.viewed)


def _places(kept: Kept[ProfileState] | None) -> frozenset[Where]:
    if kept is None or kept.state is None:
        return frozenset()
    return frozenset(
        Where(one.id, one.playbook, one.version, one.step, one.entered_at, one.held)
        for one in kept.state.enrollments
    )


_DELETE = """
DELETE FROM enrollments
USING unnest($1::int[], $2::uuid[], $3::uuid[]) AS gone (partition, profile_id, enrollment_id)
WHERE enrollments.partition = gone.partition AND enrollments.profile_id = gone.profile_id
  AND enrollments.enrollment_id = gone.enrollment_id
"""

_UPSERT = """
INSERT INTO enrollments
  (partition, profile_id, workspace, moved_at, enrollment_id, playbook, version, step, entered_at, held)
SELECT * FROM unnest(
  $1::int[], $2::uuid[], $3::text[], $4::timestamptz[], $5::uuid[], $6::text[], $7::text[], $8::int[], $9::timestamptz[],
  $10::boolean[]
)
ON CONFLICT (partition, profile_id, enrollment_id)
DO UPDATE SET moved_at = excluded.moved_at, version = excluded.version, step = excluded.step, held = excluded.held
"""

_FORGET = """
DELETE FROM interests
USING unnest($1::int[], $2::uuid[], $3::text[]) AS gone (partition, profile_id, product_id)
WHERE interests.partition = gone.partition AND interests.profile_id = gone.profile_id
  AND interests.product_id = gone.product_id
"""

_REMEMBER = """
INSERT INTO interests (partition, profile_id, workspace, product_id)
SELECT * FROM unnest($1::int[], $2::uuid[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING
"""
_NOTHING: Final[frozenset[str]] = frozenset()
