"""`cuestream apply` and the passages under way: what is asked for, and what the plan shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploy.local.tests.talking import Script, run

ROOT = Path(__file__).parents[4]
OLD, NEW = "3f2a11c0" + "0" * 56, "9c1d22ab" + "0" * 56
PLAN = "POST /v1/configuration/plan"
APPLY = "POST /v1/configuration/apply"


def wait(step: str, count: int, becomes: str, **more: Any) -> dict[str, Any]:
    told = {"version": OLD, "step": step, "kind": "wait", "count": count, "becomes": becomes}
    return {"held": 0, "to_step": None, **told, **more}


def plan(*waits: dict[str, Any], **more: Any) -> dict[str, Any]:
    passages = {
        "playbook": "welcome",
        "old": OLD,
        "new": NEW,
        "under_way": 182,
        "held": 3,
        "paused": False,
        "resumes": None,
        "waits": waits,
    }
    release = {
        "workspace": "demo",
        "number": 2,
        "live": False,
        "notes": [],
        "changes": [],
        "passages": [passages | more],
    }
    return {"sentences": [], "expected": {"demo": 1}, "releases": [release]}


def test_a_plan_shows_where_passages_are_and_what_becomes_of_them(
    server: Script, capsys: Any
) -> None:
    server.answers[PLAN] = (
        200,
        plan(
            wait("hello", 120, "migrate", to_step="hello"),
            wait("offer", 61, "cancel", held=3),
            wait("2", 1, "drain"),
        ),
    )

    ran = run(capsys, "apply", str(ROOT), "--plan")

    lines = [line.strip() for line in ran.out.splitlines()]
    assert lines[1:5] == [
        "welcome 3f2a11c0 → 9c1d22ab, 182 under way",
        "120 at hello (wait) of 3f2a11c0: go on at hello",
        "61 at offer (wait) of 3f2a11c0, 3 of them held: end now",
        "1 at 2 (wait) of 3f2a11c0: finish on their version",
    ]


def test_a_plan_shows_what_is_paused_and_how_it_goes_on(server: Script, capsys: Any) -> None:
    server.answers[PLAN] = (200, plan(paused=True))
    paused = run(capsys, "apply", str(ROOT), "--plan", "--pause", "welcome")
    server.answers[PLAN] = (200, plan(resumes={"policy": "spread", "over": "2h"}))
    resumed = run(capsys, "apply", str(ROOT), "--plan", "--resume", "welcome=spread:2h")

    assert "welcome is paused: nothing begins, 182 under way rest" in paused.out
    assert "welcome goes on: 3 held, spread over 2h" in resumed.out


def test_what_was_chosen_is_asked_of_the_plan_and_of_the_publication(
    server: Script, capsys: Any
) -> None:
    server.answers[PLAN] = (200, plan())
    server.answers[APPLY] = (200, plan() | {"published": True})

    chosen = ["--transition", "welcome=migrate:offer=last,2=3", "--overdue", "welcome=skip"]
    chosen += ["--transition", "demo/birthday=cancel", "--pause", "cart", "--resume", "review"]
    run(capsys, "apply", str(ROOT), "--yes", *chosen)

    for body in (*server.bodies(PLAN), *server.bodies(APPLY)):
        assert body["choices"] == {
            "welcome": {
                "under_way": "migrate",
                "steps": {"offer": "last", "2": "3"},
                "overdue": {"policy": "skip"},
            },
            "demo/birthday": {"under_way": "cancel"},
        }
        assert body["pause"] == ["cart"]
        assert body["resume"] == {"review": {"policy": "spread"}}
    assert len(server.bodies(APPLY)) == 1


def test_a_rollback_publishes_an_old_version_instead_of_the_folders(
    server: Script, capsys: Any
) -> None:
    old = {
        "kind": "playbook",
        "name": "cart_abandonment",
        "hash": OLD,
        "files": {"journey.yaml": "old"},
    }
    server.answers["GET /v1/configuration/contents/playbook/cart_abandonment@3f2a11"] = (200, old)
    server.answers[PLAN] = (200, plan())
    server.answers[APPLY] = (200, plan() | {"published": True})

    ran = run(capsys, "apply", str(ROOT), "--yes", "--rollback", "cart_abandonment@3f2a11")

    [body] = server.bodies(APPLY)
    for contents in body["workspaces"].values():
        [playbook] = [one for one in contents if one["name"] == "cart_abandonment"]
        assert playbook["files"] == {"journey.yaml": "old"}
    assert "the next apply publishes that one again" in ran.out


def test_a_rollback_to_what_never_was_is_said(server: Script, capsys: Any) -> None:
    ran = run(capsys, "apply", str(ROOT), "--plan", "--rollback", "cart_abandonment@ffffff")

    assert ran.code == 1
    assert "no such thing" in ran.err
    assert not server.bodies(PLAN)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--transition", "welcome"], "--transition NAME=drain|migrate|cancel"),
        (["--transition", "welcome=stop"], "drain, migrate, cancel"),
        (["--transition", "welcome=cancel:a=b"], "drain, migrate, cancel"),
        (["--transition", "welcome=migrate:a"], "migrate:OLD=NEW"),
        (["--overdue", "welcome=run"], "--transition welcome=migrate"),
        (["--resume", "welcome=soon"], "spread, run, skip"),
        (["--resume", "welcome=run:2h"], "spread, run, skip"),
        (["--resume", "welcome=spread:soon"], "not a duration"),
        (["--rollback", "welcome"], "NAME@HASH"),
        (["--rollback", "nobody@3f2a11"], "no playbook nobody"),
    ],
)
def test_a_choice_that_is_written_otherwise_is_said(
    server: Script, capsys: Any, options: list[str], said: str
) -> None:
    ran = run(capsys, "apply", str(ROOT), "--plan", *options)

    assert ran.code == 2
    assert said in ran.err
    assert not server.bodies(PLAN)
