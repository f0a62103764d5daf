"""What publishing would change, in words."""

from __future__ import annotations

import pytest

from common.configuration import Configuration, Content, Release, content_of, plan
from common.errors import PermanentError
from libs.common.tests.configuration.making import playbook, workspace

OLD = (playbook("cart"), playbook("gone"), workspace())


def in_force(*contents: Content, live: bool = False) -> Configuration:
    return Configuration({"shop": Release("shop", 3, contents, live)}, {})


def test_the_first_release_adds_everything() -> None:
    planned = plan(Configuration(), {"shop": [workspace(), playbook()]})

    (part,) = planned.workspaces
    assert part.number == 1
    assert [content.kind for content in part.contents] == ["playbook", "workspace"]
    assert planned.sentences() == [
        "shop: playbook cart is added",
        "shop: workspace shop is added",
        "shop: delivers to the sink: no customer is written to",
        "shop: has no lead model of its own: the built-in one scores",
    ]


def test_the_same_again_changes_nothing() -> None:
    planned = plan(in_force(*OLD), {"shop": list(reversed(OLD))})

    assert planned.empty
    assert planned.workspaces == ()
    assert planned.sentences() == ["shop: nothing changes"]


def test_changes_are_named_with_their_files() -> None:
    model = content_of("lead_model", "lead", {"model.yaml": "half_life: 30d\n"})
    cart = content_of("playbook", "cart", {"journey.yaml": "purpose: x\n", "templates/t": "t\n"})
    planned = plan(in_force(*OLD), {"shop": [cart, workspace(), model]})

    (part,) = planned.workspaces
    assert part.number == 4
    assert [change.sentence for change in part.changes] == [
        "lead model lead is added",
        "playbook cart is changed: journey.yaml, templates/t",
        "playbook gone is removed",
    ]
    assert part.changes[1].diff() == (
        "--- playbook/cart/journey.yaml (now)\n"
        "+++ playbook/cart/journey.yaml (new)\n"
        "@@ -1 +1 @@\n"
        "-purpose: marketing\n"
        "+purpose: x\n"
        "--- /dev/null\n"
        "+++ playbook/cart/templates/t (new)\n"
        "@@ -0,0 +1 @@\n"
        "+t\n"
    )


@pytest.mark.parametrize(
    ("delivery", "live", "note"),
    [
        ("sink", True, "delivers to the sink: no customer is written to"),
        ("live", False, "asks for delivery `live` but is not live"),
        ("live", True, "delivers LIVE, to customers"),
        ('"redirect: a@b.example"', True, "delivers everything to a@b.example"),
    ],
)
def test_where_mails_will_go_is_said(delivery: str, live: bool, note: str) -> None:
    contents = [workspace(more=f"delivery: {delivery}\n")]
    (part,) = plan(Configuration(), {"shop": contents}, live=live).workspaces

    assert part.notes[0].startswith(note)


def test_going_live_is_a_change_and_so_is_ending_it() -> None:
    contents = [workspace(more="delivery: live\n")]

    assert not plan(in_force(*contents), {"shop": contents}, live=True).empty
    (part,) = plan(in_force(*contents, live=True), {"shop": contents}).workspaces
    assert "was live before and no longer is" in part.notes


def test_workspaces_that_are_not_mentioned_stay() -> None:
    planned = plan(in_force(*OLD), {"other": [workspace("other")]})

    assert planned.untouched == ("shop",)
    assert planned.sentences()[-1] == "shop: not mentioned, stays as it is"


def test_a_release_without_its_workspace_is_refused() -> None:
    with pytest.raises(PermanentError, match="no_workspace"):
        plan(Configuration(), {"shop": [playbook()]})
