"""How each source does, for admins: what came in, what was rejected and why, and when it was last heard of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from common.clock import Clock
from common.configuration import Configuration
from common.telemetry import Handler, Request
from ingest.api.admins import Answer, for_admins
from ingest.domain.receptions import span_of
from ingest.domain.sources import DAY, HOUR, Line, SourceReport, kinds_of, report
from ingest.ports import Receptions


@dataclass(frozen=True, slots=True)
class Sources:
    """Answers from counts that all processes share."""

    receptions: Receptions
    configuration: Callable[[], Configuration]
    clock: Clock
    admin_key_sha256: str | None

    def routes(self) -> Mapping[str, Handler]:
        return for_admins({"/v1/sources": self.sources}, self.admin_key_sha256)

    async def sources(self, request: Request) -> Answer:
        """`?workspace=W`, or those of all."""
        workspace, now = request.query.get("workspace"), self.clock()
        kinds = {
            key: kind
            for key, kind in kinds_of(self.configuration()).items()
            if workspace in (None, key[0])
        }
        since, hour = span_of(now - DAY), span_of(now - HOUR)
        counted = await self.receptions.receptions(workspace, since, hour)
        last = await self.receptions.last_heard(workspace)
        return 200, {
            "as_of": now,
            "sources": [_told(each) for each in report(kinds, counted, last, now)],
        }


def _told(source: SourceReport) -> dict[str, object]:
    return {
        "workspace": source.workspace,
        "source": source.source,
        "kind": source.kind,
        "last_seen": source.last_seen,
        "events": _lines(source.of("accepted"), "name"),
        "rejected": _lines(source.of("rejected"), "reason"),
        "violations": _lines(source.of("flagged"), "event", "path"),
        "duplicates": _lines(source.of("duplicate"), "reason"),
        "ignored": _lines(source.of("ignored"), "reason"),
        "refused": _lines(source.of("refused"), "reason"),
    }


def _lines(lines: Sequence[Line], what: str, detail: str | None = None) -> list[dict[str, object]]:
    return [
        {
            what: line.what,
            **({detail: line.detail} if detail else {}),
            "hour": line.hour,
            "day": line.day,
            "last_at": line.last_at,
            "sample": line.sample,
        }
        for line in lines
    ]
