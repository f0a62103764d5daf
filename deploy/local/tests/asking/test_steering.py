"""`cuestream playbooks list|show|pause|resume|enroll|cancel`, against an api that answers as told."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.local.tests.asking.answers import ANNA
from deploy.local.tests.talking import Script, run

BEN = "00000000-0000-5000-8000-000000000002"
LISTED = {
    "workspace": "demo",
    "playbook": "welcome",
    "version": "3f2a11c0" * 8,
    "paused": False,
    "under_way": 1200,
    "held": 0,
}
TOLD = LISTED | {
    "purpose": "marketing",
    "begins": ["Signed Up"],
    "parameters": {"pause": "3d"},
    "files": {},
    "waits": [
        {"version": "3f2a11c0" * 8, "step": "1", "kind": "wait_for", "count": 1200, "held": 3}
    ],
}
PAGE = {"profiles": [BEN], "looked_at": 10, "next": None}


@pytest.fixture
def playbooks(server: Script) -> Script:
    server.answers["GET /v1/playbooks"] = (200, [LISTED])
    server.answers["GET /v1/playbooks/welcome"] = (200, TOLD)
    for what in ("enroll", "cancel"):
        server.answers[f"POST /v1/playbooks/welcome/{what}"] = (202, {"commands": []})
    server.answers["POST /v1/playbooks/select"] = (200, PAGE)
    return server


def test_what_is_in_force_is_listed(playbooks: Script, capsys: Any) -> None:
    words = run(capsys, "playbooks", "list").out

    assert "welcome" in words
    assert "1,200 under way" in words
    assert run(capsys, "playbooks", "list", "--json").json == [LISTED]


def test_a_playbook_is_shown_with_who_waits_where(playbooks: Script, capsys: Any) -> None:
    words = run(capsys, "playbooks", "show", "welcome").out

    assert "begins with  Signed Up" in words
    assert "pause = 3d" in words
    assert "1,200  at 1 (wait_for) of 3f2a11c0, 3 of them held" in words
    assert run(capsys, "playbooks", "show", "welcome", "--json").json == TOLD


def test_a_playbook_of_two_workspaces_needs_to_be_named_with_one(
    playbooks: Script, capsys: Any
) -> None:
    playbooks.answers["GET /v1/playbooks"] = (200, [LISTED, LISTED | {"workspace": "default"}])

    ran = run(capsys, "playbooks", "show", "welcome")

    assert ran.code == 2
    assert "in force in demo and default" in ran.err


def test_an_unknown_playbook_is_told_with_those_that_are_there(
    playbooks: Script, capsys: Any
) -> None:
    ran = run(capsys, "playbooks", "pause", "welcom")

    assert ran.code == 1
    assert "there are welcome" in ran.err


def test_pause_and_resume_are_published(playbooks: Script, capsys: Any) -> None:
    applied = {"sentences": ["demo: welcome is paused"], "published": True}
    for what in ("pause", "resume"):
        playbooks.answers[f"POST /v1/playbooks/welcome/{what}"] = (200, applied)

    assert "welcome is paused" in run(capsys, "playbooks", "pause", "welcome").out
    run(capsys, "playbooks", "resume", "welcome", "--held", "spread:2h")

    assert playbooks.bodies("POST /v1/playbooks/welcome/resume") == [
        {"workspace": "demo", "overdue": {"policy": "spread", "over": "2h"}}
    ]


def test_a_segment_is_counted_and_nothing_done(playbooks: Script, capsys: Any) -> None:
    ran = run(capsys, "playbooks", "enroll", "welcome", "--segment", "customer.lead_score > 5")

    assert "1 of 10 customers" in ran.out
    assert "Say --yes" in ran.out
    assert not playbooks.bodies("POST /v1/playbooks/welcome/enroll")
    (asked,) = playbooks.bodies("POST /v1/playbooks/select")
    assert asked == {"workspace": "demo", "where": "customer.lead_score > 5", "after": None}


def test_with_yes_everybody_of_a_segment_is_asked_to_enter(playbooks: Script, capsys: Any) -> None:
    told = run(
        capsys, "playbooks", "enroll", "welcome", "--segment", "true", "--yes",
        "--properties", '{"plan": "large"}', "--rate", "1000", "--json",
    ).json  # fmt: skip

    assert told == {
        "playbook": "welcome",
        "workspace": "demo",
        "profiles": 1,
        "looked_at": 10,
        "asked": 1,
    }
    assert playbooks.bodies("POST /v1/playbooks/welcome/enroll") == [
        {"workspace": "demo", "properties": {"plan": "large"}, "profiles": [BEN]}
    ]


def test_somebody_is_named_by_any_id(playbooks: Script, known: Script, capsys: Any) -> None:
    ran = run(capsys, "playbooks", "cancel", "welcome", "user:anna")

    assert ran.code == 0, ran.err
    assert "1 are asked to leave welcome" in ran.out
    assert known.bodies("POST /v1/playbooks/welcome/cancel") == [
        {"workspace": "demo", "profiles": [ANNA]}
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), "either profiles or a --segment"),
        (("user:anna", "--segment", "true"), "either profiles or a --segment"),
        (("user:anna", "--properties", "[1]"), "JSON object"),
        (("user:anna", "--properties", "{"), "JSON object"),
    ],
)
def test_what_is_wrong_is_said(
    playbooks: Script, capsys: Any, more: tuple[str, ...], said: str
) -> None:
    ran = run(capsys, "playbooks", "enroll", "welcome", *more)

    assert ran.code == 2
    assert said in ran.err
