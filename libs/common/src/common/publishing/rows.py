"""How effects, poison and journal entries become records on their way out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from common.clock import EPOCH
from common.contracts import Payload, Topics
from common.contracts.envelope import CONTENT_TYPE
from common.contracts.topics import QUARANTINE_SUFFIX
from common.ids import derive
from common.publishing.effects import Effect, Failure, Poison
from common.streaming.model import Record, TimerDue
from common.streaming.ports import OutboxRow, Outgoing, Place, Standing
from common.streaming.sequences import SequenceDraw
from common.streaming.wire import origin_of, own_event

QUARANTINED_BYTES = 32 * 1024
"""How much of a quarantined record is kept."""
QUARANTINED_KEY_BYTES = 1024
"""And of its key: a stranger's may be as large as a batch, and ours has headers beside it."""

_CONTENT_TYPE = CONTENT_TYPE.encode()
_MICROSECOND = timedelta(microseconds=1)


@dataclass(slots=True)
class RowMaker:
    """Numbers one batch's outgoing records of one partition; used under the fence's lock only."""

    loop: str
    incarnation: str
    standing: Standing
    topics: Topics
    partition_for: Callable[[str, bytes], int]
    rows: list[OutboxRow] = field(default_factory=list)
    draw: SequenceDraw = field(init=False)
    _origin: bytes = field(init=False)
    _batch: int = field(init=False)

    def __post_init__(self) -> None:
        self.draw = SequenceDraw.of(self.standing, self.topics.partitions)
        self._origin = origin_of(self.loop, self.standing.partition, self.incarnation).encode()
        self._batch = self.standing.batch + 1

    def effect(self, effect: Effect) -> None:
        key = effect.key.encode()
        headers = {} if effect.value is None else {"content-type": _CONTENT_TYPE}
        headers["accepted"] = b"%d" % ((effect.accepted_at - EPOCH) // _MICROSECOND)
        if effect.history:
            headers["history"] = b"1"
        if effect.traceparent is not None:
            headers["traceparent"] = effect.traceparent.encode()
        self._add(self._target(effect.topic, key), key, effect.value, headers)

    def journal(self, topic: str, payload: Payload, at: datetime) -> None:
        place = (self.loop, self.standing.partition, self.incarnation, self._batch)
        identity = derive("journal", *place)
        value = own_event(
            self.loop, payload, identity=identity, subject=str(self.standing.partition), at=at
        )
        target = Place(topic, self.standing.partition)
        self._add(target, b"%d" % self.standing.partition, value, {})

    def poison(self, item: Poison) -> None:
        fetched = item.fetched
        self._quarantine(
            fetched.place,
            fetched.offset,
            fetched.key,
            fetched.value,
            reason=item.reason,
            detail=item.detail,
            history=item.history,
            trace=None,  # a stranger's may be anything
        )

    def failure(
        self,
        item: Failure,
        original: Callable[[Record], tuple[bytes | None, bytes | None]],
        anchor: str,
    ) -> None:
        """Put a signal aside; a timer, which is no record, goes beside the anchor topic's records."""
        signal = item.signal
        trace = None if signal.traceparent is None else signal.traceparent.encode()
        if isinstance(signal, TimerDue):
            kept: bytes | None = json.dumps(
                {
                    "timer": signal.name,
                    "profile_id": str(signal.profile_id),
                    "due_at": signal.due_at.isoformat(),
                    "workspace": signal.workspace,
                    "correlation": str(signal.correlation),
                }
            ).encode()
            key: bytes | None = str(signal.profile_id).encode()
            place, offset = Place(anchor, signal.partition), -1
        else:
            place, offset = Place(signal.topic, signal.partition), signal.offset
            key, kept = original(signal)
        self._quarantine(
            place,
            offset,
            key,
            kept,
            reason=item.reason,
            detail=item.detail,
            history=signal.history,
            trace=trace,
        )

    def _quarantine(
        self,
        place: Place,
        offset: int,
        key: bytes | None,
        value: bytes | None,
        *,
        reason: str,
        detail: str,
        history: bool,
        trace: bytes | None,
    ) -> None:
        headers = {
            "service": self.loop.split(".", 1)[0].encode(),
            "reason": reason.encode(),
            "detail": detail.encode(),
            "origin_topic": place.topic.encode(),
            "origin_partition": b"%d" % place.partition,
            "origin_offset": b"%d" % offset,
        }
        # What a retry has to carry on: the original may be gone by then.
        if history:
            headers["history"] = b"1"
        if trace is not None:
            headers["traceparent"] = trace
        # The record may be anything, so it is kept as text that can be looked at; bytes that are no text are marked.
        text = (
            None if value is None else value[:QUARANTINED_BYTES].decode("utf-8", "replace").encode()
        )
        target = Place(place.topic + QUARANTINE_SUFFIX, place.partition)
        self._add(target, key and key[:QUARANTINED_KEY_BYTES], text, headers)

    def _target(self, topic: str, key: bytes) -> Place:
        alone = self.topics[topic].partitions == 1
        return Place(topic, 0 if alone else self.partition_for(topic, key))

    def _add(
        self, target: Place, key: bytes | None, value: bytes | None, headers: dict[str, bytes]
    ) -> None:
        headers["origin"] = self._origin
        if self.topics[target.topic].sequenced:
            headers["sequence"] = b"%d" % self.draw.next(target)
        self.rows.append(
            OutboxRow(
                partition=self.standing.partition,
                batch=self._batch,
                ordinal=len(self.rows),
                target=target,
                record=Outgoing(key, value, headers),
            )
        )
