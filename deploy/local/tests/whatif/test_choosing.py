"""From what was typed to what is asked; whatever is not certain is asked back."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.clock import EPOCH
from common.configuration import Content
from common.contracts import encode_event, event_bytes
from common.contracts.configuration import ConfigurationPublished, ConfigurationReleased
from common.ids import derive
from common.recovery.history import Releases
from common.streaming.ports import Outgoing, Place
from common.testing.log import FakeLog
from cuestream.failures import UsageError
from cuestream.whatif import Wish, choose
from deploy.local.tests.whatif.past import CART, VIEWS, WORKSPACE, playbook

CARTS, LATER = playbook("cart", CART), playbook("cart", CART.replace("30m", "45m"))
VIEWED = playbook("views", VIEWS)


async def published(**workspaces: tuple[tuple[Content, ...], ...]) -> Releases:
    """Each workspace with its releases, the oldest first."""
    log = FakeLog()
    for name, releases in workspaces.items():
        for number, contents in enumerate(releases, start=1):
            _publish(log, name, number, (_workspace(name), *contents))
    async with log.reader() as reader:
        return await Releases.read(reader)


def _workspace(name: str) -> Content:
    return Content("workspace", name, WORKSPACE.hash, WORKSPACE.files)


def _publish(log: FakeLog, workspace: str, number: int, contents: tuple[Content, ...]) -> None:
    released = ConfigurationReleased(
        number=number,
        contents=tuple(content.key for content in contents),
        live=False,
        published_at=EPOCH,
        published_by="test",
    )
    told = [
        ConfigurationPublished(kind=c.kind, name=c.name, hash=c.hash, files=dict(c.files))
        for c in contents
    ]
    for payload in (*told, released):
        identity = derive(workspace, number, repr(payload))
        event = encode_event(
            payload,
            id=identity,
            source="/test",
            subject="test",
            time=EPOCH,
            workspace=workspace,
            correlationid=identity,
        )
        log.append(Place("configuration", 0), Outgoing(str(identity).encode(), event_bytes(event)))


async def test_the_only_workspace_that_has_the_playbook_is_meant() -> None:
    releases = await published(shop=((CARTS,),), other=((VIEWED,),))

    asked = choose(Wish("cart"), releases)

    assert (asked.workspace, asked.playbook, asked.candidate) == ("shop", "cart", None)


async def test_of_several_workspaces_one_has_to_be_named() -> None:
    releases = await published(shop=((CARTS,),), other=((CARTS,),))

    with pytest.raises(UsageError, match="other, shop have it"):
        choose(Wish("cart"), releases)
    assert choose(Wish("cart", workspace="other"), releases).workspace == "other"
    with pytest.raises(UsageError, match="no workspace third"):
        choose(Wish("cart", workspace="third"), releases)


async def test_what_nobody_has_published_has_no_past() -> None:
    releases = await published(shop=((CARTS,),))

    with pytest.raises(UsageError, match="shop has no playbook hats; it has cart"):
        choose(Wish("hats"), releases)


async def test_a_version_that_was_is_named_by_the_beginning_of_its_hash() -> None:
    releases = await published(shop=((LATER,), (CARTS,)))

    asked = choose(Wish("cart", version=LATER.hash[:6]), releases)

    assert asked.candidate is not None
    assert asked.candidate.playbook.files == LATER.files
    with pytest.raises(UsageError, match="cart@ is not clear"):
        choose(Wish("cart", version=""), releases)
    with pytest.raises(UsageError, match="cart@zz never was"):
        choose(Wish("cart", version="zz"), releases)


async def test_a_folder_gives_the_playbook_and_its_workspace(tmp_path: Path) -> None:
    releases = await published(shop=((CARTS,),))
    asked = choose(Wish("cart", folder=_folder(tmp_path, LATER.files["journey.yaml"])), releases)

    assert asked.candidate is not None
    assert asked.candidate.playbook.hash == LATER.hash
    assert asked.candidate.workspace is not None


async def test_a_candidate_that_could_not_be_published_is_refused(tmp_path: Path) -> None:
    releases = await published(shop=((CARTS,),))

    with pytest.raises(UsageError, match="The candidate is wrong"):
        choose(Wish("cart", folder=_folder(tmp_path, CART.replace("wait:", "rest:"))), releases)


def _folder(path: Path, journey: str) -> Path:
    (path / "workspaces").mkdir()
    (path / "workspaces/shop.yaml").write_text(WORKSPACE.files["workspace.yaml"])
    (path / "playbooks/cart/templates").mkdir(parents=True)
    for name, text in {**CARTS.files, "journey.yaml": journey}.items():
        (path / "playbooks/cart" / name).write_text(text)
    return path
