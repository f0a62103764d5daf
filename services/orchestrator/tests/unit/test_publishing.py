"""Publication through the api: what is refused, planned, stored and announced."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from orchestrator.ports.publication import PublishedRelease
from services.orchestrator.tests.reading import Api, configuration


@pytest.fixture
def api() -> Api:
    return Api()


def changed(
    workspaces: dict[str, list[dict[str, Any]]], kind: str, file: str, old: str, new: str
) -> None:
    """Edit one file in all workspaces that hold it."""
    for contents in workspaces.values():
        for content in contents:
            if content["kind"] == kind:
                assert old in content["files"][file]
                content["files"][file] = content["files"][file].replace(old, new)


async def apply(api: Api, workspaces: Any, **more: Any) -> Any:
    return await api.post("/v1/configuration/apply", {"workspaces": workspaces, **more})


async def test_without_the_admin_key_nothing_is_planned_or_applied(api: Api) -> None:
    for path in ("plan", "apply"):
        answer = await api.http.post(f"/v1/configuration/{path}", json={"workspaces": {}})
        assert answer.status_code == 401
        assert answer.json()["error"] == "unauthorized"


async def test_a_plan_says_what_would_change_and_changes_nothing(api: Api) -> None:
    answer = await api.post("/v1/configuration/plan", {"workspaces": configuration()})

    planned = answer.json()
    assert answer.status_code == 200
    assert "default: playbook cart_abandonment is added" in planned["sentences"]
    assert planned["expected"] == {"default": 0, "demo": 0}
    assert await api.publications.current() == {}
    assert api.announced.all == []


async def test_apply_announces_contents_before_releases(api: Api) -> None:
    answer = await apply(api, configuration())

    assert answer.status_code == 200, answer.text
    assert answer.json()["published"]
    kinds = [isinstance(one, PublishedRelease) for one in api.announced.all]
    assert kinds == sorted(kinds)
    assert api.announced.releases == [("default", 1), ("demo", 1)]


async def test_the_same_contents_again_make_no_release(api: Api) -> None:
    await apply(api, configuration())

    answer = await apply(api, configuration())

    assert answer.json()["published"] is False
    assert answer.json()["releases"] == []
    assert api.announced.releases == [("default", 1), ("demo", 1)]


async def test_a_changed_playbook_makes_the_next_release_and_keeps_the_old_content(
    api: Api,
) -> None:
    await apply(api, configuration())
    workspaces = configuration()
    changed(workspaces, "playbook", "journey.yaml", "default: 30m", "default: 45m")

    answer = await apply(api, workspaces)

    assert [release["number"] for release in answer.json()["releases"]] == [2, 2]
    change = answer.json()["releases"][0]["changes"][0]
    assert change["sentence"] == "playbook cart_abandonment is changed: journey.yaml"
    assert "+  silence: {type: duration, default: 45m" in change["diff"]


async def test_a_workspace_that_is_not_sent_stays_as_it_is(api: Api) -> None:
    await apply(api, configuration())

    answer = await apply(api, {"demo": configuration()["demo"]})

    assert answer.json()["published"] is False
    assert (await api.publications.current()).keys() == {"default", "demo"}


async def test_a_problem_is_told_with_its_place_and_what_was_meant(api: Api) -> None:
    workspaces = configuration()
    changed(workspaces, "playbook", "journey.yaml", "restart_on", "restart_at")

    answer = await apply(api, workspaces)

    assert answer.status_code == 422
    assert answer.json()["error"] == "configuration_invalid"
    [problem] = answer.json()["problems"]
    assert problem["file"] == "playbooks/cart_abandonment/journey.yaml"
    assert (problem["line"], problem["column"]) == (16, 27)
    assert problem["suggestion"] == "restart_on"
    assert await api.publications.current() == {}


async def test_a_missing_template_is_a_problem_per_locale(api: Api) -> None:
    workspaces = configuration()
    for contents in workspaces.values():
        for content in contents:
            content["files"].pop("templates/reminder.email.de.liquid", None)

    problems = (await apply(api, workspaces)).json()["problems"]

    assert [problem["message"] for problem in problems] == [
        "`reminder` has no email template in `de`"
    ]


async def test_a_wrong_workspace_is_a_problem_in_its_own_file(api: Api) -> None:
    workspaces = configuration()
    changed(
        {"demo": workspaces["demo"]}, "workspace", "workspace.yaml", "kind: browser", "kind: browsr"
    )
    changed({"demo": workspaces["demo"]}, "workspace", "workspace.yaml", "locales:", "locals:")

    problems = (await apply(api, workspaces)).json()["problems"]

    assert {problem["file"] for problem in problems} == {"workspaces/demo.yaml"}
    assert any("kind" in problem["message"] for problem in problems)
    assert all(problem["line"] > 1 for problem in problems)


async def test_a_parameter_out_of_bounds_is_a_problem_of_the_workspace(api: Api) -> None:
    workspaces = configuration()
    changed(
        {"demo": workspaces["demo"]}, "workspace", "workspace.yaml", "silence: 10s", "silence: 1s"
    )

    [problem] = (await apply(api, workspaces)).json()["problems"]

    assert problem["file"] == "workspaces/demo.yaml"
    assert "silence" in problem["message"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"kind": "recipe", "name": "x", "files": {}}, "unknown kind `recipe`"),
        ({"kind": "playbook", "name": "x", "files": {"journey.yaml": "a\0b"}}, "NUL"),
        (
            {"kind": "playbook", "name": "x", "files": {"journey.yaml": "#" * 900_000}},
            "larger than",
        ),
        ({"kind": "lead_model", "name": "x", "files": {"model.yaml": "a: [b"}}, "not YAML"),
        (
            {"kind": "tracking_plan", "name": "demo", "files": {"plan.yaml": "[]"}},
            "must be a mapping",
        ),
        (
            {
                "kind": "tracking_plan",
                "name": "x",
                "files": {"plan.yaml": "events: {A: {schema: {}}}"},
            },
            "named otherwise",
        ),
        (
            {
                "kind": "tracking_plan",
                "name": "demo",
                "files": {"plan.yaml": "events:\n  A: {schema: {type: strin}}"},
            },
            "events.A.schema.type: no JSON Schema",
        ),
    ],
)
async def test_what_cannot_be_published_is_said(api: Api, content: Any, message: str) -> None:
    workspaces = {"demo": [*configuration()["demo"], content]}

    answer = await apply(api, workspaces)

    assert answer.status_code == 422
    assert any(message in problem["message"] for problem in answer.json()["problems"])


async def test_a_release_without_its_workspace_file_is_refused(api: Api) -> None:
    answer = await apply(api, {"demo": []})

    assert answer.status_code == 422
    assert "missing" in answer.json()["problems"][0]["message"]


async def test_live_delivery_needs_to_be_allowed(api: Api) -> None:
    workspaces = {"demo": configuration()["demo"]}
    changed(workspaces, "workspace", "workspace.yaml", "delivery: sink", "delivery: live")

    careful = (await apply(api, workspaces)).json()
    assert careful["releases"][0]["live"] is False
    assert any("--live" in note for note in careful["releases"][0]["notes"])

    allowed = (await apply(api, workspaces, live=True)).json()
    assert allowed["releases"][0]["live"] is True
    assert (await api.publications.current())["demo"].live


async def test_what_somebody_else_published_since_the_plan_is_a_conflict(api: Api) -> None:
    planned = (await api.post("/v1/configuration/plan", {"workspaces": configuration()})).json()
    await apply(api, configuration())
    workspaces = configuration()
    changed(workspaces, "playbook", "journey.yaml", "default: 30m", "default: 45m")

    answer = await apply(api, workspaces, expected=planned["expected"])

    assert answer.status_code == 409
    assert answer.json()["error"] == "release_moved"
    assert api.announced.releases == [("default", 1), ("demo", 1)]


async def test_what_the_log_did_not_take_follows_by_itself(api: Api) -> None:
    api.announced.away = True
    answer = await apply(api, configuration())
    assert answer.status_code == 503
    assert answer.json()["error"] == "not_announced"
    assert answer.headers["retry-after"]

    api.announced.away = False
    keeping = asyncio.create_task(api.publisher.keep_announced())
    await api.announced.reached(2)
    keeping.cancel()
    assert api.announced.releases == [("default", 1), ("demo", 1)]


async def test_what_is_in_force_can_be_asked_for(api: Api) -> None:
    await apply(api, configuration())

    [default, demo] = (await api.get("/v1/configuration")).json()

    assert (default["workspace"], default["number"], default["live"]) == ("default", 1, False)
    assert [key.split("@")[0] for key in demo["contents"]] == [
        "lead_model/lead",
        "playbook/cart_abandonment",
        "workspace/demo",
    ]


async def test_a_store_that_is_away_is_said(api: Api) -> None:
    api.publications.away = True

    answer = await apply(api, configuration())

    assert answer.status_code == 503
    assert answer.json()["error"] == "database_unavailable"


async def test_a_body_of_another_shape_is_said_in_the_same_shape(api: Api) -> None:
    answer = await api.post("/v1/configuration/plan", {"workspaces": {"Not a name": []}})

    assert answer.status_code == 422
    assert answer.json()["error"] == "unreadable"


async def test_a_segment_that_is_no_condition_is_a_problem_of_the_workspace(api: Api) -> None:
    sent = configuration()
    for content in sent["demo"]:
        if content["kind"] == "workspace":
            text = content["files"]["workspace.yaml"]
            content["files"]["workspace.yaml"] = text + "segments: {hot: customer.lead_scor > 5}\n"

    answer = await apply(api, sent)

    (problem,) = answer.json()["problems"]
    assert answer.status_code == 422
    assert problem["file"] == "workspaces/demo.yaml"
    assert "segments.hot" in problem["message"]
    assert problem["suggestion"] == "customer.lead_score"
