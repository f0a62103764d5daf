"""The live page, a profile's page and the explanations, through ASGI."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from importlib import resources

import pytest
from sse_starlette import ServerSentEvent

from common.contracts.decisions import DecisionMade
from orchestrator.api.live.board import Board, View
from orchestrator.api.live.rendering import Pages
from orchestrator.api.live.stream import stream
from services.orchestrator.tests.reading import (
    ANNA,
    NO,
    START,
    YES,
    Api,
    Diary,
)

EXTERNAL = re.compile(r"""(?:src|href|action|url)\s*[=(]\s*["']?(?:https?:)?//""")


@pytest.fixture
def api() -> Api:
    return Api(local=True)


def filled(board: Board) -> Diary:
    diary = Diary()
    diary.decides("chosen", "eligible", 10.2, due=10, candidates=(YES,))
    diary.decides("rejected", "no_consent", 20, candidates=(NO,))
    diary.decides("cancelled", "exit_when: Order Completed", 27, due=30)
    board.take(diary.records)
    return diary


async def test_the_page_shows_decisions_in_words_the_newest_first(api: Api) -> None:
    filled(api.board)

    page = (await api.http.get("/")).text

    newest = page.index("No message: they ordered, 3 s before it was due")
    older = page.index("No mail: they have not agreed to marketing by e-mail")
    oldest = page.index("Decided to send the mail “reminder”")
    assert newest < older < oldest
    assert "200 ms after it was due" in page


async def test_the_page_can_be_narrowed_to_an_outcome_and_a_workspace(api: Api) -> None:
    filled(api.board)
    other = Diary(workspace="other")
    other.decides("chosen", "eligible", 40, candidates=(YES,))
    api.board.take(other.records)

    rejected = (await api.http.get("/", params={"outcome": "rejected"})).text
    elsewhere = (await api.http.get("/", params={"workspace": "other"})).text

    assert rejected.count('<li class="decision"') == 1
    assert "have not agreed" in rejected
    assert elsewhere.count('<li class="decision"') == 1


async def test_the_tallies_count_the_last_hour(api: Api) -> None:
    filled(api.board)

    now = api.board.tallies(START + timedelta(minutes=59), None)
    later = api.board.tallies(START + timedelta(minutes=61), None)

    assert {name: tally.total for name, tally in now.items()} == {
        "chosen": 1,
        "deferred": 0,
        "rejected": 1,
        "expired": 0,
        "cancelled": 1,
    }
    assert all(tally.total == 0 for tally in later.values())
    assert api.board.tallies(START, "other")["chosen"].total == 0


def test_a_decision_that_comes_twice_is_shown_once() -> None:
    board = Board()
    diary = filled(board)
    board.take(diary.records)

    assert len(board.newest(View())) == 3
    assert board.tallies(START, None)["chosen"].total == 1


def test_a_rare_outcome_is_not_washed_away_by_a_frequent_one() -> None:
    board = Board(keep=5)
    diary = Diary()
    diary.decides("expired", "expired", 0)
    for second in range(1, 20):
        diary.decides("chosen", "eligible", second, candidates=(YES,))
    board.take(diary.records)

    assert len(board.newest(View(outcome="chosen"))) == 5
    assert len(board.newest(View(outcome="expired"))) == 1


async def events(messages: AsyncIterator[ServerSentEvent], count: int) -> list[ServerSentEvent]:
    async with asyncio.timeout(10):
        return [await anext(messages) for _ in range(count)]


async def test_the_stream_sends_what_falls_and_the_tallies(api: Api) -> None:
    messages = stream(api.board, Pages(), View(), api.clock, after=None)
    [first] = await events(messages, 1)
    assert first.event == "tallies"

    filled(api.board)
    [second] = await events(messages, 1)

    assert second.event == "decision"
    assert second.id == "0-2"
    assert str(second.data).count('<li class="decision"') == 3


async def test_a_browser_that_comes_back_gets_what_it_missed(api: Api) -> None:
    filled(api.board)

    [message] = await events(stream(api.board, Pages(), View(), api.clock, after="0-1"), 1)

    assert str(message.data).count('<li class="decision"') == 1
    assert "they ordered" in str(message.data)


async def test_a_browser_that_was_away_for_too_long_looks_anew(api: Api) -> None:
    filled(api.board)

    [message] = await events(stream(api.board, Pages(), View(), api.clock, after="0-99"), 1)

    assert message.event == "renew"


async def test_a_stream_of_a_view_sends_nothing_else(api: Api) -> None:
    messages = stream(api.board, Pages(), View(outcome="rejected"), api.clock, after=None)
    await events(messages, 1)

    filled(api.board)
    [message] = await events(messages, 1)

    assert str(message.data).count('<li class="decision"') == 1


async def test_a_stream_ends_when_the_board_closes(api: Api) -> None:
    messages = stream(api.board, Pages(), View(), api.clock, after=None)
    await events(messages, 1)

    api.board.close()

    with pytest.raises(StopAsyncIteration):
        await events(messages, 1)


async def test_a_profiles_page_tells_its_story(api: Api) -> None:
    diary = Diary()
    added = diary.does("Product Added", 0, name="<script>alert(1)</script>")
    passage = diary.enters(added, 0, waits=10)
    decision = diary.decides(
        "chosen", "eligible", 10.1, due=10, candidates=(YES,), enrollment=passage
    )
    diary.gets_mail(decision, 10.4)
    api.history.records = diary.records

    page = (await api.http.get(f"/profiles/{ANNA}")).text

    assert "Sent the mail “reminder” through smtp, 400 ms after it was due" in page
    assert "they agreed to marketing by e-mail" in page
    assert "10 s later" in page
    assert "<script>alert" not in page


async def test_an_unknown_profile_and_a_wrong_id_are_said_kindly(api: Api) -> None:
    unknown = await api.http.get(f"/profiles/{ANNA}")
    wrong = await api.http.get("/profiles/anna")
    found = await api.http.get("/profiles", params={"id": f" {ANNA} "})

    assert "Nothing is known of this profile" in unknown.text
    assert (wrong.status_code, "No such profile" in wrong.text) == (404, True)
    assert found.headers["location"] == f"/profiles/{ANNA}"


async def test_a_story_that_was_cut_short_says_so(api: Api) -> None:
    api.history.complete = False

    assert "only a part of it could be read" in (await api.http.get(f"/profiles/{ANNA}")).text


async def test_a_log_that_is_away_is_a_page_for_people_and_json_for_programs(api: Api) -> None:
    api.history.away = True

    person = await api.http.get(f"/profiles/{ANNA}", headers={"accept": "text/html"})
    program = await api.get(f"/v1/profiles/{ANNA}/story")

    assert person.status_code == program.status_code == 503
    assert "For the moment this cannot be read" in person.text
    assert program.json() == {"error": "kafka_unavailable", "detail": "no broker answers"}


async def test_story_why_and_decision_answer_as_json(api: Api) -> None:
    diary = Diary()
    added = diary.does("Product Added", 0)
    passage = diary.enters(added, 0, waits=10)
    decided = diary.decides("rejected", "no_consent", 10, candidates=(NO,), enrollment=passage)
    api.history.records = diary.records
    decision_id = decided.event.payload(DecisionMade).decision_id

    story = (await api.get(f"/v1/profiles/{ANNA}/story", workspace="demo")).json()
    traced = (await api.get(f"/v1/profiles/{ANNA}/story", correlation_id=str(ANNA))).json()
    why = (await api.get(f"/v1/profiles/{ANNA}/why", at="2026-03-01T12:00:05Z")).json()
    decision = await api.get(f"/v1/decisions/{decision_id}")
    missing = await api.get(f"/v1/decisions/{ANNA}")

    assert [entry["topic"] for entry in story["entries"]][-1] == "decisions"
    assert story["complete"]
    assert traced["entries"] == []
    assert why["verdict"] == "“cart abandonment” waits 10 s"
    assert decision.json()["text"].startswith("No mail")
    assert missing.status_code == 404
    assert missing.json()["error"] == "not_found"


async def test_every_answer_forbids_what_is_not_ours(api: Api) -> None:
    answer = await api.http.get("/")

    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_no_page_and_no_file_of_ours_loads_anything_from_elsewhere(api: Api) -> None:
    filled(api.board)
    pages = [(await api.http.get(path)).text for path in ("/", "/login", f"/profiles/{ANNA}")]
    static = resources.files("orchestrator.api") / "static"
    files = [file.read_text() for file in static.iterdir() if file.is_file()]

    assert not [text for text in [*pages, *files] if EXTERNAL.search(text)]
    assert (await api.http.get("/docs")).status_code == 404


async def test_every_file_that_a_page_names_is_there(api: Api) -> None:
    filled(api.board)
    page = (await api.http.get("/")).text
    named = set(re.findall(r'(?:src|href)="(/static/[^"#]+)', page))

    assert len(named) >= 5
    for path in named:
        assert (await api.http.get(path)).status_code == 200, path


async def test_the_api_describes_itself(api: Api) -> None:
    described = (await api.http.get("/openapi.json")).json()

    assert set(described["paths"]) == {
        "/v1/audit",
        "/v1/keys",
        "/v1/keys/{name}/revoke",
        "/v1/playbooks",
        "/v1/playbooks/select",
        "/v1/playbooks/{name}",
        "/v1/playbooks/{name}/cancel",
        "/v1/playbooks/{name}/enroll",
        "/v1/playbooks/{name}/pause",
        "/v1/playbooks/{name}/people",
        "/v1/playbooks/{name}/picture",
        "/v1/playbooks/{name}/resume",
        "/v1/configuration",
        "/v1/configuration/contents/{kind}/{name}@{hash_}",
        "/v1/configuration/plan",
        "/v1/configuration/apply",
        "/v1/profiles/{profile_id}/story",
        "/v1/profiles/{profile_id}/why",
        "/v1/decisions/{decision_id}",
    }
