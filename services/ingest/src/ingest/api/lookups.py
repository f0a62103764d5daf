"""Look-ups for admins on the consumer's port: who is meant, and what became of a message."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from common.configuration import Configuration, workspace_of
from common.errors import PermanentError
from common.ids import accepted_event_id, id_of
from common.telemetry import Handler, Request
from ingest.api.admins import Answer, for_admins
from ingest.domain.moments import parse_instant
from ingest.domain.people import NEWEST, FieldRules, Golden, Held, Rules, known_at
from ingest.domain.references import parse_reference
from ingest.ports import Directory, KnownEvent, KnownProfile, Receptions, SetAside

_NEVER_SEEN = (
    "neither accepted nor set aside within the last 7 days, for which that is remembered;"
    " within a second of its arrival it may be under way"
)
_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lookups:
    """Answers from the directory; they hold personal data, so every one needs the admin key."""

    directory: Directory
    configuration: Callable[[], Configuration]
    rules_of: Callable[[str], Rules]
    partition_of: Callable[[UUID], int]
    receptions: Receptions
    admin_key_sha256: str | None

    def routes(self) -> Mapping[str, Handler]:
        routes: Mapping[str, Handler] = {
            "/v1/profiles": self.profiles,
            "/v1/messages/{message_id}": self.messages,
            "/v1/identifiers/shared": self.shared,
            "/v1/consents": self.consents,
        }
        return for_admins(routes, self.admin_key_sha256)

    async def profiles(self, request: Request) -> Answer:
        """`?ref=user:ID|anon:ID|email:ADDRESS|phone:NUMBER|KIND:ID|<uuid>&workspace=W`."""
        reference = parse_reference(request.query.get("ref", ""))
        workspace = request.query.get("workspace", "default")
        found = await self.directory.profiles(workspace, reference)
        if not found:
            return 404, {"error": "unknown_profile", "detail": "nobody is known by that"}
        return 200, {"profiles": [self._profile(known) for known in found]}

    async def consents(self, request: Request) -> Answer:
        """`?ref=…&workspace=W&at=T`: every statement with its proof, and what stood by what was known then."""
        at = parse_instant(request.query.get("at")) if "at" in request.query else _EVER
        if at is None:
            raise PermanentError("bad_instant", "at: expected RFC 3339")
        reference = parse_reference(request.query.get("ref", ""))
        workspace = request.query.get("workspace", "default")
        people = await self.directory.profiles(workspace, reference)
        if not people:
            return 404, {"error": "unknown_profile", "detail": "nobody is known by that"}
        return 200, {"profiles": [await self._ledger(known, at) for known in people]}

    async def _ledger(self, known: KnownProfile, at: datetime) -> dict[str, object]:
        statements = await self.directory.statements(known.workspace, known.profile_id)
        stood = known_at(statements, at)
        return {
            "profile_id": known.profile_id,
            "stood": [stood[key].consent for key in sorted(stood)],
            "statements": [each for each in statements if each.stated_at <= at],
        }

    async def shared(self, request: Request) -> Answer:
        """`?workspace=W`: the ids that several profiles share, and which of them link no more."""
        workspace = request.query.get("workspace", "default")
        rules = self.rules_of(workspace)
        return 200, {
            "identifiers": [
                {
                    "kind": each.identifier.kind,
                    "value": each.identifier.value,
                    "profiles": list(each.sharing.profiles),
                    "at_most": rules.rule(each.identifier).at_most,
                    "links": not each.sharing.exceeds(rules.rule(each.identifier)),
                }
                for each in await self.directory.shared(workspace)
            ]
        }

    async def messages(self, request: Request) -> Answer:
        """By message id, in one workspace or in all."""
        message_id = request.params["message_id"]
        sources = self._event_ids(message_id, request.query.get("workspace"))
        aside: dict[UUID, list[SetAside]] = {}
        for each in await self.receptions.set_aside(list(sources)):
            if request.query.get("workspace") in (None, each.workspace):
                aside.setdefault(each.event_id, []).append(each)
        known = await self.directory.events(list(sources))
        if not known and not aside:
            return 404, {"error": "unknown_message", "detail": _NEVER_SEEN}
        taken = [
            self._message(message_id, each, sources, aside.pop(each.event_id, ())) for each in known
        ]
        rest = [_set_aside(message_id, each) for each in aside.values()]
        return 200, {"messages": taken + rest}

    def _event_ids(self, message_id: str, workspace: str | None) -> dict[UUID, str]:
        """What the message's event would be called, by each source that may have sent it; an event's id is taken as such, too."""
        named = {
            accepted_event_id(name, source, message_id): source
            for name, release in self.configuration().releases.items()
            if workspace in (None, name)
            for source in workspace_of(release).sources
        }
        try:
            return {**named, id_of(message_id): ""}
        except ValueError:
            return named

    def _profile(self, known: KnownProfile) -> dict[str, object]:
        return {
            "workspace": known.workspace,
            "profile_id": known.profile_id,
            "partition": self.partition_of(known.profile_id),
            "identifiers": [{"kind": i.kind, "value": i.value} for i in known.identifiers],
            "contact": known.contact,
            "merged": known.merged,
            "traits": _explained(known.golden, self.rules_of(known.workspace).golden),
            "accounts": {
                account_id: _explained(account.golden, {})
                for account_id, account in known.accounts.items()
            },
        }

    def _message(
        self,
        message_id: str,
        known: KnownEvent,
        sources: Mapping[UUID, str],
        aside: Sequence[SetAside],
    ) -> dict[str, object]:
        source = sources[known.event_id] or next((each.source for each in aside), "")
        return {
            "outcome": "accepted",
            "message_id": message_id,
            "event_id": known.event_id,
            "workspace": known.workspace,
            "source": source,
            "profile_id": known.profile_id,
            "merged_into": known.merged_into,
            "seen_at": known.seen_at,
            "partition": self.partition_of(known.profile_id),
            "raw_partition": known.partition,
            "noted": [_noted(each) for each in aside],
        }


def _set_aside(message_id: str, noted: Sequence[SetAside]) -> dict[str, object]:
    """A message that reached nobody: the last thing that became of it, and all of them."""
    last = noted[-1]
    return {
        "outcome": last.outcome if last.outcome in ("rejected", "ignored") else "under_way",
        "message_id": message_id,
        "event_id": last.event_id,
        "workspace": last.workspace,
        "source": last.source,
        "reason": last.reason,
        "detail": last.detail,
        "received_at": last.received_at,
        "noted": [_noted(each) for each in noted],
    }


def _noted(each: SetAside) -> dict[str, object]:
    return {
        "outcome": each.outcome,
        "reason": each.reason,
        "detail": each.detail,
        "received_at": each.received_at,
        "place": each.place,
    }


def _explained(golden: Golden, rules: FieldRules) -> dict[str, object]:
    """Each value with where it came from, by which rule it stands, and what lost."""
    return {
        trait: {
            **_said(held),
            "rule": rules.get(trait, NEWEST).name,
            "lost": [_said(other) for other in golden.lost.get(trait, ())],
        }
        for trait, held in golden.stands.items()
    }


def _said(held: Held) -> dict[str, object]:
    return {
        "value": held.value,
        "source": held.source or None,
        "at": held.at,
        "suggested": held.hint,
    }
