"""The admin api: keys with scopes, an audit, playbooks with who waits where, and what an operator does about them."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from common.contracts.decisions import EnrollmentRequested, EnrollmentRevoked
from common.customer import Customer
from common.ids import derive
from orchestrator.ports.publication import UnderWay
from orchestrator.ports.roster import Guest
from services.orchestrator.tests.reading import ANNA, START, Api, configuration

BEN = derive("test", "ben")
CART = "/v1/playbooks/cart_abandonment"


@pytest.fixture
async def api() -> Api:
    """With the repository's two shops in force, and Anna's cart resting in one."""
    api = Api(local=True)
    applied = await api.post("/v1/configuration/apply", {"workspaces": configuration()})
    assert applied.status_code == 200
    version = (await api.get(CART, workspace="demo")).json()["version"]
    guest = Guest(ANNA, derive("passage"), version, 0, START, START, held=False)
    api.roster.passages.append(("demo", "cart_abandonment", guest))
    api.publications.people.append(UnderWay("demo", "cart_abandonment", version, 0, 0, 1))
    return api


async def key_of(api: Api, *scopes: str) -> str:
    answer = await api.post("/v1/keys", {"name": "-".join(scopes), "scopes": scopes})
    assert answer.status_code == 201
    key: str = answer.json()["key"]
    return key


async def test_a_key_opens_what_it_is_for_and_nothing_else(api: Api) -> None:
    reading, enrolling = await key_of(api, "read"), await key_of(api, "enroll")
    body = {"workspace": "demo", "profiles": [str(ANNA)]}

    assert (
        await api.post("/v1/configuration/plan", {"workspaces": {}}, reading)
    ).status_code == 200
    refused = await api.post("/v1/configuration/apply", {"workspaces": {}}, reading)
    assert (refused.status_code, refused.json()["error"]) == (403, "forbidden")
    assert "this needs publish" in refused.json()["detail"]
    assert (await api.post(f"{CART}/enroll", body, enrolling)).status_code == 202
    assert (await api.post(f"{CART}/enroll", body, reading)).status_code == 403
    assert (
        await api.post("/v1/keys", {"name": "more", "scopes": ["read"]}, reading)
    ).status_code == 403
    assert (await api.post(f"{CART}/enroll", body, "cs_a_guess")).status_code == 401


async def test_a_revoked_key_opens_nothing(api: Api) -> None:
    key = await key_of(api, "read")
    assert (await api.post("/v1/keys/read/revoke", {})).json()["revoked_at"] is not None

    assert (await api.post("/v1/configuration/plan", {"workspaces": {}}, key)).status_code == 401
    again = await api.post("/v1/keys/read/revoke", {})
    assert (again.status_code, again.json()["error"]) == (404, "unknown_key")
    twice = await api.post("/v1/keys", {"name": "read", "scopes": ["read"]})
    assert (twice.status_code, twice.json()["error"]) == (409, "key_exists")


async def test_keys_are_listed_without_the_key(api: Api) -> None:
    key = await key_of(api, "read", "publish")

    answer = await api.get("/v1/keys")

    assert [(one["name"], one["scopes"]) for one in answer.json()] == [
        ("read-publish", ["read", "publish"])
    ]
    assert key not in answer.text


async def test_without_a_store_the_first_admin_is_known_all_the_same(api: Api) -> None:
    key = await key_of(api, "read")
    api.administration.away = True

    assert (await api.get("/v1/configuration")).status_code == 200
    assert (await api.post("/v1/configuration/plan", {"workspaces": {}}, key)).status_code == 503


async def test_the_audit_says_who_did_what(api: Api) -> None:
    key = await key_of(api, "enroll")
    body = {"workspace": "demo", "profiles": [str(ANNA)]}
    api.now += timedelta(minutes=1)
    await api.post(f"{CART}/cancel", body, key)

    newest = (await api.get("/v1/audit", limit=1)).json()[0]

    assert (newest["who"], newest["what"]) == ("key:enroll", "enrollments.revoked")
    assert newest["detail"] == {
        "workspace": "demo",
        "playbook": "cart_abandonment",
        "profiles": [str(ANNA)],
    }


async def test_playbooks_are_listed_with_how_many_are_under_way(api: Api) -> None:
    listed = (await api.get("/v1/playbooks", workspace="demo")).json()

    assert [(one["playbook"], one["under_way"], one["paused"]) for one in listed] == [
        ("cart_abandonment", 1, False)
    ]
    assert {one["workspace"] for one in (await api.get("/v1/playbooks")).json()} == {
        "default",
        "demo",
    }


async def test_a_playbook_tells_what_it_says_and_who_waits_where(api: Api) -> None:
    told = (await api.get(CART, workspace="demo")).json()

    assert told["parameters"]["silence"] == "10s"
    assert "journey.yaml" in told["files"]
    assert [(one["step"], one["kind"], one["count"]) for one in told["waits"]] == [("0", "wait", 1)]
    (person,) = (await api.get(f"{CART}/people", workspace="demo", step="0")).json()["people"]
    assert (person["profile_id"], person["step"], person["kind"]) == (str(ANNA), "0", "wait")


async def test_a_page_of_people_says_where_the_next_one_begins(api: Api) -> None:
    version = api.publications.people[0].version
    for number in range(3):
        guest = Guest(UUID(int=number), UUID(int=number), version, 0, START, START, held=False)
        api.roster.passages.append(("demo", "cart_abandonment", guest))

    found: list[str] = []
    after = None
    while True:
        asked = {"workspace": "demo", "limit": 2} | ({"after": after} if after else {})
        page = (await api.get(f"{CART}/people", **asked)).json()
        found += [one["profile_id"] for one in page["people"]]
        after = page["next"]
        if after is None:
            break

    assert found == sorted([str(ANNA), *(str(UUID(int=number)) for number in range(3))])
    wrong = await api.get(f"{CART}/people", workspace="demo", after="nobody")
    assert (wrong.status_code, wrong.json()["error"]) == (400, "unreadable")


async def test_the_picture_has_the_counts(api: Api) -> None:
    answer = await api.get(f"{CART}/picture", workspace="demo")

    assert answer.headers["content-type"] == "image/svg+xml"
    assert '<text class="count"' in answer.text


@pytest.mark.parametrize(
    "path", [CART, f"{CART}/people", f"{CART}/picture", "/v1/playbooks/unknown"]
)
async def test_what_is_not_there_is_said(api: Api, path: str) -> None:
    answer = await api.get(path, workspace="demo" if path.endswith("unknown") else "nowhere")

    assert (answer.status_code, answer.json()["error"]) == (404, "unknown_playbook")


async def test_enrolling_appends_a_command_for_each_profile(api: Api) -> None:
    body = {"workspace": "demo", "profiles": [str(ANNA), str(BEN)], "properties": {"plan": "large"}}

    answer = await api.post(f"{CART}/enroll", body)

    assert [str(one.id) for one in api.commands.all] == answer.json()["commands"]
    first = api.commands.all[0]
    assert (first.profile_id, first.workspace) == (ANNA, "demo")
    assert isinstance(first.payload, EnrollmentRequested)
    assert first.payload.name == "Enrolled"
    assert first.payload.properties == {"plan": "large"}


async def test_the_same_request_has_the_same_commands(api: Api) -> None:
    body = {"workspace": "demo", "profiles": [str(ANNA)], "request_id": "r-1"}
    api.commands.away = True
    away = await api.post(f"{CART}/enroll", body)
    assert (away.status_code, away.headers["retry-after"]) == (503, "2")
    api.commands.away = False
    api.now += timedelta(minutes=1)

    once = (await api.post(f"{CART}/enroll", body)).json()["commands"]
    assert (await api.post(f"{CART}/enroll", body)).json()["commands"] == once
    other = body | {"request_id": "r-2"}
    assert (await api.post(f"{CART}/enroll", other)).json()["commands"] != once


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"profiles": []}, 422, "unreadable"),
        ({"profiles": ["anna"]}, 422, "unreadable"),
        ({"profiles": [str(ANNA)] * 1001}, 422, "unreadable"),
        ({"properties": {"text": "x" * 9000}}, 400, "too_large"),
        ({"workspace": "nowhere"}, 404, "unknown_playbook"),
        ({"more": 1}, 422, "unreadable"),
    ],
)
async def test_bad_requests_are_refused_and_append_nothing(
    api: Api, change: dict[str, Any], status: int, error: str
) -> None:
    body = {"workspace": "demo", "profiles": [str(ANNA)]} | change

    answer = await api.post(f"{CART}/enroll", body)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert api.commands.all == []


async def test_cancelling_may_be_about_one_passage(api: Api) -> None:
    passage = derive("passage")
    body = {"workspace": "demo", "profiles": [str(ANNA)], "enrollment_id": str(passage)}

    await api.post(f"{CART}/cancel", body)

    (command,) = api.commands.all
    assert isinstance(command.payload, EnrollmentRevoked)
    assert command.payload.enrollment_id == passage


async def test_pausing_and_resuming_publish_the_release_once_more(api: Api) -> None:
    paused = await api.post(f"{CART}/pause", {"workspace": "demo"})
    assert paused.json()["published"], paused.text
    assert (await api.get(CART, workspace="demo")).json()["paused"]
    assert not (await api.get(CART, workspace="default")).json()["paused"]

    body = {"workspace": "demo", "overdue": {"policy": "skip"}}
    resumed = await api.post(f"{CART}/resume", body)
    assert resumed.json()["published"], resumed.text
    assert not (await api.get(CART, workspace="demo")).json()["paused"]
    assert (await api.publications.current())["demo"].number == 3


async def test_customers_are_selected_by_a_condition(api: Api) -> None:
    api.roster.people = {
        ("demo", ANNA): Customer(lead_score=60),
        ("demo", BEN): Customer(lead_score=10),
        ("demo", UUID(int=1)): None,
        ("default", UUID(int=2)): Customer(lead_score=99),
    }

    body = {"workspace": "demo", "where": "customer.lead_score >= 50"}
    answer = (await api.post("/v1/playbooks/select", body)).json()

    assert answer == {"profiles": [str(ANNA)], "looked_at": 3, "next": None}
    wrong = await api.post("/v1/playbooks/select", body | {"where": "customer.lead_scor > 1"})
    assert (wrong.status_code, wrong.json()["error"]) == (400, "not_a_condition")
    assert "lead_score" in wrong.json()["detail"]


async def test_the_pages_show_the_journey_and_the_people(api: Api) -> None:
    page = (await api.http.get("/playbooks")).text
    assert 'href="/playbooks/demo/cart_abandonment"' in page

    page = (await api.http.get("/playbooks/demo/cart_abandonment")).text
    (source,) = re.findall('<img src="(/playbooks/[^"]+)"', page)
    picture = await api.http.get(html.unescape(source))
    assert picture.headers["content-type"] == "image/svg+xml"
    assert "style-src 'unsafe-inline'" in picture.headers["content-security-policy"]
    assert f"/profiles/{ANNA}" in page
    assert "1 under way" in page
    nowhere = await api.http.get("/playbooks/demo/unknown", headers={"accept": "text/html"})
    assert nowhere.status_code == 404
    assert "<html" in nowhere.text


async def test_in_production_the_pages_ask_for_the_key() -> None:
    api = Api()

    assert (await api.http.get("/playbooks")).status_code == 303
    assert (await api.http.get("/playbooks/demo/cart_abandonment")).status_code == 303


async def test_every_route_is_in_the_openapi_document(api: Api) -> None:
    paths = (await api.http.get("/openapi.json")).json()["paths"]

    assert {"/v1/keys", "/v1/audit", "/v1/playbooks", "/v1/playbooks/{name}/enroll"} <= paths.keys()
