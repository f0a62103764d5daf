"""The page of sources: its list, one source, who may see it, and the stream that keeps it live."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sse_starlette import ServerSentEvent

from common.consuming import Record
from common.contracts import encode_event
from common.contracts.ingestion import SourceLine, SourceReported
from common.ids import derive
from orchestrator.api.live.rendering import Pages
from orchestrator.api.sources.board import Choice, SourceBoard
from orchestrator.api.sources.stream import stream
from orchestrator.api.words.receptions import REASONS
from services.orchestrator.tests.reading import REPOSITORY, START, Api

HOUR = timedelta(hours=1)
SAMPLE = derive("event", "bad")


def line(outcome: str, what: str, hour: int = 3, day: int = 40, **more: Any) -> SourceLine:
    return SourceLine(outcome=outcome, what=what, hour=hour, day=day, last_at=START, **more)


LINES = (
    line("accepted", "Product Added", 1_200, 20_000),
    line("accepted", "<b>Odd</b>"),
    line("flagged", "Order Completed", detail="/properties/total", sample=SAMPLE),
    line("rejected", "no_identity", sample=SAMPLE),
    line("refused", "too_fast", 700, 700),
)


def reported(
    name: str = "shop",
    *lines: SourceLine,
    workspace: str = "demo",
    at: timedelta = HOUR,
    **more: Any,
) -> Record:
    said = {"kind": "server", "last_seen": START, **more}
    report = SourceReported(source=name, as_of=START + at, lines=lines, **said)
    identity = derive("report", workspace, name, str(at))
    event = encode_event(
        report,
        id=identity,
        source="/test",
        subject=name,
        time=report.as_of,
        workspace=workspace,
        correlationid=identity,
    )
    return Record("ingest.sources", 0, 0, report.as_of, report.as_of, event)


@pytest.fixture
def api() -> Api:
    api = Api(local=True)
    api.sources.take(
        [
            reported("shop", *LINES),
            reported("site", kind="browser", last_seen=None),
            reported("crm", workspace="other", kind=None),
        ]
    )
    return api


async def page(api: Api, **query: str) -> str:
    answer = await api.http.get("/sources", params=query)
    assert answer.status_code == 200
    return answer.text


async def test_all_sources_are_listed_with_what_came_within_the_hour_and_the_day(api: Api) -> None:
    shown = await page(api)

    assert '">1,203<small>20,040</small>' in shown
    assert re.findall(r'id="s-([a-z]+-[a-z]+)"', shown) == ["demo-shop", "demo-site", "other-crm"]
    assert "never" in shown
    assert "no longer configured" in shown


async def test_the_list_can_be_narrowed_to_a_workspace(api: Api) -> None:
    shown = await page(api, workspace="other")

    assert "other-crm" in shown
    assert "demo-shop" not in shown


async def test_a_sources_page_names_events_reasons_and_places_in_the_plan(api: Api) -> None:
    shown = await page(api, workspace="demo", source="shop")

    assert "Product Added" in shown
    assert "it has neither userId nor anonymousId" in shown
    assert "Order Completed" in shown
    assert "/properties/total" in shown
    assert "it came faster than the source may send" in shown
    assert "Bots and prefetchers" not in shown  # there were none
    assert f'data-copy="cuestream trace {SAMPLE}"' in shown
    assert "<b>Odd</b>" not in shown


async def test_what_is_not_known_is_said_kindly(api: Api) -> None:
    assert "Nothing is known of this source" in await page(api, workspace="demo", source="none")
    assert "Nothing within a day" in await page(api, workspace="demo", source="site")
    assert "No source yet" in await page(Api(local=True))


async def test_nobody_sees_it_who_has_not_signed_in() -> None:
    api = Api()
    for path in ("/sources", "/sources/events"):
        answer = await api.http.get(path, params={"workspace": "demo"})
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login?next=%2Fsources")


async def test_the_pages_lead_to_each_other(api: Api) -> None:
    for path in ("/", "/sources"):
        shown = (await api.http.get(path)).text
        assert {'href="/"', 'href="/sources"'} <= set(re.findall(r'href="/[a-z]*"', shown))
        assert shown.count('aria-current="page"') == 1


def test_an_older_report_that_comes_later_changes_nothing() -> None:
    board = SourceBoard()
    board.take([reported("shop", *LINES), reported("shop", at=timedelta())])

    (shop,) = board.all()
    assert shop.hour("accepted") == 1_203


def test_a_source_that_is_no_longer_told_of_while_others_are_is_gone() -> None:
    board = SourceBoard()
    board.take([reported("shop"), reported("site", at=HOUR + timedelta(minutes=31))])

    assert [source.name for source in board.all()] == ["site"]


async def test_old_counts_are_called_old(api: Api) -> None:
    assert "Nobody has counted" not in await page(api)

    api.now += timedelta(minutes=13)

    assert "Nobody has counted" in await page(api)


async def messages(found: AsyncIterator[ServerSentEvent]) -> ServerSentEvent:
    async with asyncio.timeout(20):
        return await anext(found)


async def test_the_stream_shows_the_page_and_every_change(api: Api) -> None:
    found = stream(api.sources, Pages(), Choice("demo", "shop"), api.clock)
    first = await messages(found)
    assert first.event == "sources"
    assert "Product Added" in str(first.data)

    changed = line("accepted", "Signed Up")
    api.sources.take([reported("shop", changed, at=HOUR + timedelta(seconds=2))])

    assert "Signed Up" in str((await messages(found)).data)


async def test_the_stream_ends_when_the_board_closes(api: Api) -> None:
    found = stream(api.sources, Pages(), Choice(), api.clock)
    await messages(found)

    api.sources.close()

    with pytest.raises(StopAsyncIteration):
        await messages(found)


def test_every_reason_of_the_documentation_has_words() -> None:
    text = (REPOSITORY / "docs/connect/troubleshooting.md").read_text()
    table = text.split("| reason | the message |")[1].split("\n\n")[0]
    named = {
        code for row in table.splitlines()[2:] for code in re.findall(r"`(\w+)`", row.split("|")[1])
    }

    assert len(named) > 10
    assert named <= REASONS.keys()
