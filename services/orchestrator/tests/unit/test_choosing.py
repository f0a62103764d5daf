"""What a publisher chooses for passages under way: shown with counts before, refused where it cannot be, carried forward after."""

from __future__ import annotations

from typing import Any

import pytest

from common.configuration import content_of
from orchestrator.ports.publication import PublishedRelease, UnderWay
from services.orchestrator.tests.living import TEMPLATES, WORKSPACE
from services.orchestrator.tests.reading import Api

HEAD = "purpose: marketing\ntrigger: {event: Page Viewed}\nentry: {again: always}\nsteps:\n"
SAY = "  - propose: {message: reminder, channels: [email], expires_after: 24h}\n"
FIRST = HEAD + "  - {id: rest, wait: {for: 1h}}\n" + SAY + "  - {id: more, wait: {for: 2h}}\n" + SAY
SECOND = (
    HEAD + "  - {id: rest, wait: {for: 3h}}\n" + SAY + "  - {id: last, wait: {for: 2h}}\n" + SAY
)
THIRD = SECOND + "  - exit: {reason: over}\n"


def files(journey: str) -> dict[str, str]:
    return {"journey.yaml": journey, **TEMPLATES}


def version(journey: str) -> str:
    return content_of("playbook", "greeting", files(journey)).hash


def shop(journey: str | None, workspace: str = "shop") -> dict[str, Any]:
    contents = [
        {"kind": "workspace", "name": workspace, "files": {"workspace.yaml": WORKSPACE}},
        {"kind": "playbook", "name": "other", "files": files(THIRD)},
    ]
    if journey is not None:
        contents.append({"kind": "playbook", "name": "greeting", "files": files(journey)})
    return {workspace: contents}


@pytest.fixture
async def api() -> Api:
    """With 70 passages under way on the first version: 50 at its first wait, 20 at its second, of which 3 are held."""
    found = Api()
    await applied(found, FIRST)
    found.publications.people = [on(FIRST, 0, 50), on(FIRST, 2, 20, held=3)]
    return found


def on(journey: str, step: int, count: int, *, held: int = 0) -> UnderWay:
    return UnderWay("shop", "greeting", version(journey), step, held, count)


async def asked(api: Api, what: str, journey: str | None, **more: Any) -> Any:
    return await api.post(f"/v1/configuration/{what}", {"workspaces": shop(journey), **more})


async def applied(api: Api, journey: str | None, **more: Any) -> Any:
    answer = await asked(api, "apply", journey, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def planned(api: Api, journey: str | None, **more: Any) -> Any:
    answer = await asked(api, "plan", journey, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def problems(api: Api, journey: str | None, **more: Any) -> list[str]:
    answer = await asked(api, "plan", journey, **more)
    assert answer.status_code == 422, answer.text
    return [problem["message"] for problem in answer.json()["problems"]]


def released(api: Api) -> PublishedRelease:
    return [one for one in api.announced.all if isinstance(one, PublishedRelease)][-1]


def choosing(under_way: str, **more: Any) -> dict[str, Any]:
    return {"choices": {"greeting": {"under_way": under_way, **more}}}


async def test_a_plan_says_where_everybody_is_and_that_they_finish_on_their_version(
    api: Api,
) -> None:
    told = await planned(api, SECOND)

    [passages] = told["releases"][0]["passages"]
    assert (passages["under_way"], passages["held"]) == (70, 3)
    assert (passages["old"], passages["new"]) == (version(FIRST), version(SECOND))
    first, second = version(FIRST)[:8], version(SECOND)[:8]
    assert told["sentences"][-3:] == [
        f"shop: greeting {first} → {second}, 70 under way",
        f"shop: greeting: 50 at `rest` (wait) of {first}: finish on their version",
        f"shop: greeting: 20 at `more` (wait) of {first}, 3 of them held: finish on their version",
    ]


async def test_a_migration_says_for_each_step_where_they_go_on(api: Api) -> None:
    told = await planned(api, SECOND, **choosing("migrate", steps={"more": "last"}))

    [passages] = told["releases"][0]["passages"]
    assert [(w["step"], w["count"], w["becomes"], w["to_step"]) for w in passages["waits"]] == [
        ("rest", 50, "migrate", "rest"),
        ("more", 20, "migrate", "last"),
    ]


async def test_what_was_planned_is_what_the_release_says(api: Api) -> None:
    await applied(
        api,
        SECOND,
        **choosing("migrate", steps={"more": "last"}, overdue={"policy": "skip", "over": "2h"}),
    )

    [transition] = released(api).transitions
    assert (transition.playbook, transition.to) == ("greeting", version(SECOND))
    assert transition.steps == {"more": "last"}
    assert transition.overdue.policy == "skip"
    assert transition.at == api.now


async def test_a_step_without_a_place_in_the_new_version_is_named_with_how_many_wait_there(
    api: Api,
) -> None:
    [problem] = await problems(api, SECOND, **choosing("migrate"))

    assert problem == (
        f"shop: 20 wait at `more` (wait) of {version(FIRST)[:8]}, and the new version has no such step:"
        " say where they go on, greeting=migrate:more=STEP with one of `last`, `rest`"
    )


async def test_also_where_nobody_waits_now_for_somebody_may_come(api: Api) -> None:
    api.publications.people = []

    [problem] = await problems(api, SECOND, **choosing("migrate"))

    assert problem.startswith("shop: 0 wait at `more` (wait)")


async def test_a_map_names_waits_that_are_there(api: Api) -> None:
    found = await problems(
        api, SECOND, **choosing("migrate", steps={"more": "lost", "nowhere": "last"})
    )

    assert found == [
        "shop: the new version has no wait `lost`; it has `last`, `rest`",
        "shop: no version under way has a wait `nowhere`; they have `more`, `rest`",
    ]


async def test_a_removed_playbook_finishes_or_ends_but_has_nothing_to_migrate_to(api: Api) -> None:
    [problem] = await problems(api, None, **choosing("migrate"))
    assert "drain or cancel" in problem

    told = await applied(api, None, **choosing("cancel"))
    assert told["sentences"][-1].endswith("3 of them held: end now")
    [transition] = released(api).transitions
    assert (transition.to, transition.under_way) == ("", "cancel")


async def test_the_same_choice_again_publishes_nothing(api: Api) -> None:
    choice = choosing("migrate", steps={"more": "last"})
    await applied(api, SECOND, **choice)

    again = await applied(api, SECOND, **choice)

    assert again["published"] is False
    assert again["releases"] == []


async def test_a_transition_stays_while_its_version_is_in_force(api: Api) -> None:
    await applied(api, SECOND, **choosing("migrate", steps={"more": "last"}))
    api.publications.people = []
    kept = released(api).transitions

    await applied(api, SECOND, live=True)
    assert released(api).transitions == kept
    await applied(api, THIRD)
    assert released(api).transitions == ()


async def test_what_an_earlier_publication_still_moves_holds_up_the_next_one(api: Api) -> None:
    await applied(api, SECOND, **choosing("migrate", steps={"more": "last"}))
    api.publications.people = [on(FIRST, 0, 4), on(SECOND, 0, 66)]

    answer = await asked(api, "apply", THIRD)

    assert answer.status_code == 409
    assert answer.json()["error"] == "transition_under_way"
    assert "4 passages of greeting" in answer.json()["detail"]
    assert answer.json()["detail"].count(version(SECOND)[:8]) == 1


async def test_a_transition_can_be_stopped(api: Api) -> None:
    await applied(api, SECOND, **choosing("migrate", steps={"more": "last"}))

    await applied(api, SECOND, **choosing("drain"))

    assert released(api).transitions == ()


async def test_who_finishes_on_an_old_version_can_be_moved_later(api: Api) -> None:
    await applied(api, SECOND)

    told = await applied(api, SECOND, **choosing("cancel"))

    assert told["published"]
    assert told["releases"][0]["changes"] == []
    assert [wait["becomes"] for wait in told["releases"][0]["passages"][0]["waits"]] == [
        "cancel",
        "cancel",
    ]


async def test_a_pause_stays_over_other_publications_until_it_is_resumed(api: Api) -> None:
    told = await applied(api, FIRST, pause=["greeting"])
    assert told["sentences"][-1] == (
        "shop: greeting is paused: nobody begins, 70 under way go on by exits only"
    )
    await applied(api, SECOND)
    assert released(api).paused == ("greeting",)
    [in_force] = (await api.get("/v1/configuration")).json()
    assert in_force["paused"] == ["greeting"]

    told = await applied(api, SECOND, resume={"greeting": {"policy": "spread", "over": "3h"}})

    assert "shop: greeting is no longer paused: 3 held go on, spread over 3h" in told["sentences"]
    assert released(api).paused == ()
    [resumed] = released(api).resumed
    assert (resumed.playbook, resumed.overdue.over.total_seconds()) == ("greeting", 3 * 3600)


async def test_only_what_is_paused_can_be_resumed(api: Api) -> None:
    assert await problems(api, FIRST, resume={"greeting": {}}) == ["`greeting` is not paused"]


async def test_what_is_named_has_to_be_there(api: Api) -> None:
    assert await problems(api, FIRST, pause=["greetings"]) == ["there is no playbook `greetings`"]
    assert await problems(api, FIRST, pause=["brand/greeting"]) == ["`brand` is not sent"]


async def test_a_pause_may_be_for_one_workspace(api: Api) -> None:
    both = {**shop(FIRST), **shop(FIRST, "brand")}
    body = {"workspaces": both, "pause": ["brand/greeting"]}

    answer = await api.post("/v1/configuration/apply", body)

    assert answer.status_code == 200, answer.text
    current = await api.publications.current()
    assert (current["shop"].paused, current["brand"].paused) == ((), ("greeting",))


async def test_a_conflict_shows_what_was_changed_meanwhile(api: Api) -> None:
    looked_at = (await planned(api, THIRD))["expected"]
    await applied(api, SECOND)

    answer = await asked(api, "apply", THIRD, expected=looked_at)

    assert answer.status_code == 409
    assert answer.json()["error"] == "release_moved"
    [change] = answer.json()["changes"]
    assert change["sentence"] == "playbook greeting is changed: journey.yaml"
    assert "+  - {id: last, wait: {for: 2h}}" in change["diff"]


async def test_a_rollback_is_a_publication_of_an_old_hash(api: Api) -> None:
    await applied(api, SECOND)
    old = (
        await api.get(f"/v1/configuration/contents/playbook/greeting@{version(FIRST)[:8]}")
    ).json()

    told = await applied(api, old["files"]["journey.yaml"])

    assert old["hash"] == version(FIRST)
    assert told["published"]
    assert (await api.publications.current())["shop"].one("playbook", "greeting") == content_of(
        "playbook", "greeting", files(FIRST)
    )


@pytest.mark.parametrize("hash_", ["ffffffff", "f", ""])
async def test_a_version_that_was_never_published_is_answered_with_those_that_were(
    api: Api, hash_: str
) -> None:
    answer = await api.get(f"/v1/configuration/contents/playbook/greeting@{hash_ or '%20'}")

    assert answer.status_code == 404
    assert answer.json()["error"] == "unknown_content"
    assert version(FIRST)[:8] in answer.json()["detail"]
