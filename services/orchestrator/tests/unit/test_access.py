"""Who gets to see the page and the explanations."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.orchestrator.tests.reading import ANNA, KEY, Api


async def test_explanations_need_the_admin_key_also_on_the_local_stack() -> None:
    api = Api(local=True)
    for path in (f"/v1/profiles/{ANNA}/story", f"/v1/profiles/{ANNA}/why", f"/v1/decisions/{ANNA}"):
        assert (await api.http.get(path)).status_code == 401


async def test_in_production_the_page_asks_for_the_admin_key_and_remembers_it() -> None:
    api = Api()
    away = await api.http.get("/?outcome=chosen")
    assert away.headers["location"] == "/login?next=%2F%3Foutcome%3Dchosen"
    assert (await api.http.get("/events")).status_code == 303

    wrong = await api.http.post("/login", data={"key": "guess", "next": "/"})
    assert wrong.status_code == 401
    assert "not the admin key" in wrong.text

    right = await api.http.post("/login", data={"key": KEY, "next": "/?outcome=chosen"})
    assert (right.status_code, right.headers["location"]) == (303, "/?outcome=chosen")
    assert "HttpOnly" in right.headers["set-cookie"]
    assert "Sign out" in (await api.http.get("/")).text

    api.now += timedelta(hours=13)
    assert (await api.http.get("/")).status_code == 303


async def test_a_forged_session_does_not_open_the_page() -> None:
    api = Api()
    api.http.cookies.set("cuestream_session", "99999999999.0000")

    assert (await api.http.get("/")).status_code == 303


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
async def test_a_login_leads_to_no_other_site(target: str) -> None:
    answer = await Api().http.post("/login", data={"key": KEY, "next": target})

    assert answer.headers["location"] == "/"


async def test_signing_out_closes_the_page() -> None:
    api = Api()
    await api.http.post("/login", data={"key": KEY, "next": "/"})
    await api.http.post("/logout")

    assert (await api.http.get("/")).status_code == 303
