"""Announces published configuration on the topic that every process reads."""

from __future__ import annotations

from datetime import datetime

from common.clock import Clock
from common.configuration import Content
from common.contracts import Payload, encode_event, event_bytes
from common.contracts.configuration import ConfigurationPublished, ConfigurationReleased
from common.contracts.envelope import CONTENT_TYPE
from common.ids import derive
from common.streaming.ports import Outgoing, Place, Publisher
from orchestrator.ports.publication import Announcement, PublishedRelease

TOPIC = Place("configuration", 0)
SOURCE = "/cuestream/orchestrator/api"
ALL_WORKSPACES = "*"
"""A content belongs to no single workspace: several may list it."""


class KafkaAnnouncer:
    """An `Announce`: one record a call, acknowledged on return."""

    def __init__(self, publisher: Publisher, clock: Clock) -> None:
        self._publisher = publisher
        self._clock = clock

    async def __call__(self, announcement: Announcement) -> None:
        """Append it."""
        await self._publisher.publish(TOPIC, records_of(announcement, self._clock()))


def records_of(announcement: Announcement, now: datetime) -> list[Outgoing]:
    """The records under their compaction keys: `kind/name@hash`; `release/workspace@number` and `release/workspace`.

    The numbered one is never overwritten: whoever folds old batches again has to know what was in force then.
    """
    match announcement:
        case Content() as content:
            published = ConfigurationPublished(
                kind=content.kind, name=content.name, hash=content.hash, files=dict(content.files)
            )
            return [_record(content.key, published, ALL_WORKSPACES, now)]
        case PublishedRelease() as release:
            released = ConfigurationReleased(
                number=release.number,
                contents=release.contents,
                live=release.live,
                published_at=release.published_at,
                published_by=release.published_by,
                transitions=release.transitions,
                paused=release.paused,
                resumed=release.resumed,
            )
            name, at, number = release.workspace, release.published_at, release.number
            keys = (f"release/{name}@{number}", f"release/{name}")
            return [_record(key, released, name, at, number) for key in keys]


def _record(
    key: str, payload: Payload, workspace: str, time: datetime, number: int = 0
) -> Outgoing:
    identity = derive("configuration", key, number)
    event = encode_event(
        payload,
        id=identity,
        source=SOURCE,
        subject=key,
        time=time,
        workspace=workspace,
        correlationid=identity,
    )
    return Outgoing(key.encode(), event_bytes(event), {"content-type": CONTENT_TYPE.encode()})
