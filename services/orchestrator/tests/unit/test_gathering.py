"""The story of one person is told whole, also where it happened under names that have become one."""

from __future__ import annotations

from uuid import UUID

import pytest

from common.contracts.profiles import ProfileMerged
from common.ids import derive
from services.orchestrator.tests.reading import ANNA, NO, Api, Diary

BERT, CLEO = derive("test", "bert"), derive("test", "cleo")


def merge(loser: Diary, winner: Diary, seconds: float) -> None:
    merged = ProfileMerged(loser=loser.profile_id, winner=winner.profile_id, profile_version=2)
    for diary in (loser, winner):
        diary.last = None
        diary.note("profile.activity", merged, seconds)


def merged() -> Api:
    """Cleo became Bert, who became Anna."""
    api = Api(local=True)
    cleo, bert, anna = Diary(CLEO), Diary(BERT), Diary(ANNA)
    cleo.does("Product Viewed", 0, name="Mug")
    cleo.scores(9, 0.5)
    merge(cleo, bert, 1)
    passage = bert.enters(bert.does("Product Added", 2, name="Mug"), 2, waits=10)
    anna.scores(5, 3)
    merge(bert, anna, 4)
    anna.decides("rejected", "no_consent", 12, due=12, candidates=(NO,), enrollment=passage)
    api.history.records = [*cleo.records, *bert.records, *anna.records]
    return api


async def test_a_story_holds_what_was_done_under_every_name() -> None:
    answer = (await merged().get(f"/v1/profiles/{ANNA}/story")).json()

    assert answer["merged"] == [str(BERT), str(CLEO)]
    assert answer["merged_into"] is None
    assert [entry["text"] for entry in answer["entries"] if entry["topic"] == "profile.activity"] == [
        "Looked at “Mug”",
        f"Turned out to be one person: profile {CLEO} was one with {BERT}, where all goes on",
        "Put “Mug” into the cart",
        f"Turned out to be one person: profile {BERT} was one with {ANNA}, where all goes on",
    ]  # fmt: skip
    assert answer["standing"]["activities"] == {"Product Viewed": 1, "Product Added": 1}
    assert answer["standing"]["lead_score"] == 5


async def test_why_leads_back_to_what_was_done_under_another_name() -> None:
    answer = (await merged().get(f"/v1/profiles/{ANNA}/why")).json()

    assert answer["merged"] == [str(BERT), str(CLEO)]
    assert answer["because"][0]["text"].endswith("because: Put “Mug” into the cart")
    assert answer["verdict"].startswith("No mail")


async def test_the_story_of_a_merged_profile_says_where_it_goes_on() -> None:
    answer = (await merged().get(f"/v1/profiles/{BERT}/story")).json()

    assert (answer["merged"], answer["merged_into"]) == ([str(CLEO)], str(ANNA))


@pytest.mark.parametrize(("profile", "words"), [(ANNA, "Was one with"), (BERT, "was one with")])
async def test_the_page_says_it_in_words(profile: UUID, words: str) -> None:
    page = await merged().http.get(f"/profiles/{profile}")

    assert words in page.text
