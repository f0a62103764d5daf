"""Look-ups for admins on the consumer's port: who is meant, and what became of a message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from common.configuration import Configuration, workspace_of
from common.ids import accepted_event_id
from common.telemetry import Handler, Request, is_admin
from ingest.domain.references import parse_reference
from ingest.ports import Directory, KnownEvent, KnownProfile

Answer = tuple[int, object]
_STRANGER: Answer = (401, {"error": "unauthorized", "detail": "an admin key is needed"})


@dataclass(frozen=True, slots=True)
class Lookups:
    """Answers from the directory; they hold personal data, so every one needs the admin key."""

    directory: Directory
    configuration: Callable[[], Configuration]
    partition_of: Callable[[UUID], int]
    admin_key_sha256: str | None

    def routes(self) -> Mapping[str, Handler]:
        return {"/v1/profiles": self.profiles, "/v1/messages/{message_id}": self.messages}

    async def profiles(self, request: Request) -> Answer:
        """`?ref=user:ID|anon:ID|email:ADDRESS|<uuid>&workspace=W`."""
        if not is_admin(request.headers, self.admin_key_sha256):
            return _STRANGER
        reference = parse_reference(request.query.get("ref", ""))
        workspace = request.query.get("workspace", "default")
        found = await self.directory.profiles(workspace, reference)
        if not found:
            return 404, {"error": "unknown_profile", "detail": "nobody is known by that"}
        return 200, {"profiles": [self._profile(known) for known in found]}

    async def messages(self, request: Request) -> Answer:
        """By message id, in one workspace or in all."""
        if not is_admin(request.headers, self.admin_key_sha256):
            return _STRANGER
        message_id = request.params["message_id"]
        sources = self._event_ids(message_id, request.query.get("workspace"))
        found = await self.directory.events(list(sources))
        if not found:
            detail = "not resolved within the last days; it may be under way, or rejected"
            return 404, {"error": "unknown_message", "detail": detail}
        return 200, {
            "messages": [
                self._message(message_id, known, sources[known.event_id]) for known in found
            ]
        }

    def _event_ids(self, message_id: str, workspace: str | None) -> dict[UUID, str]:
        """What the message's event would be called, by each source that may have sent it."""
        return {
            accepted_event_id(name, source, message_id): source
            for name, release in self.configuration().releases.items()
            if workspace in (None, name)
            for source in workspace_of(release).sources
        }

    def _profile(self, known: KnownProfile) -> dict[str, object]:
        return {
            "workspace": known.workspace,
            "profile_id": known.profile_id,
            "partition": self.partition_of(known.profile_id),
            "identifiers": [{"kind": i.kind, "value": i.value} for i in known.identifiers],
            "contact": known.contact,
            "merged": known.merged,
        }

    def _message(self, message_id: str, known: KnownEvent, source: str) -> dict[str, object]:
        return {
            "message_id": message_id,
            "event_id": known.event_id,
            "workspace": known.workspace,
            "source": source,
            "profile_id": known.profile_id,
            "merged_into": known.merged_into,
            "seen_at": known.seen_at,
            "partition": self.partition_of(known.profile_id),
            "raw_partition": known.partition,
        }
