"""The past on a real log, folded again: as it was it is the same, byte for byte; with a candidate it is another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from common.clock import utc_now
from common.contracts.configuration import Transition
from common.contracts.decisions import EnrollmentEntered, EnrollmentMigrated
from common.streaming.ports import Place
from cuestream.failures import UsageError
from cuestream.whatif import Candidate, Question, Wish
from cuestream.whatif.telling import sentences
from deploy.local.tests.whatif.past import (
    CART,
    HOUR,
    VIEWS,
    WORKSPACE,
    Shop,
    person,
    playbook,
    shop,
)

CART_PLAYBOOK, VIEWS_PLAYBOOK = playbook("cart", CART), playbook("views", VIEWS)
SILENT = CART.replace("  - wait: {for: 1h}\n", "  - exit: {reason: enough}\n")
FASTER = CART.replace("for: 30m", "for: 5m")
OUTPUTS = ("decisions", "journey.steps", "action.requests", "orchestrator.handover")


async def lives(there: Shop) -> None:
    """Carts that are reminded of, ordered or merged, somebody who never agreed, and another playbook beside it.

    Who is merged lives on another partition than whom they become.
    """
    keys = (str(person(name)).encode() for name in ("tablet", "cleo"))
    assert len({there.on.log.partition_for("decisions", key) for key in keys}) == 2
    await there.meets("anna", "bert", "cleo", "tablet")
    await there.meets("dora", consents=False)
    for name in ("anna", "bert", "cleo", "dora", "tablet"):
        await there.does(name, "Product Added", product_id="p1", quantity=1, cart_id=name)
    await there.does("anna", "Product Viewed", product_id="p1")
    await there.tells(EnrollmentEntered, 6)
    await there.passes(HOUR / 4)
    await there.decides(1)
    await there.does("bert", "Order Completed", order_id="o1")
    await there.decides(2)
    await there.merges("tablet", "cleo")
    await there.decides(3)
    await there.passes(HOUR)
    await there.decides(6)
    await there.passes(2 * HOUR)
    await there.decides(9)


async def ends(there: Shop) -> Any:
    async with there.on.log.reader() as reader:
        places = [Place(topic, p) for topic in OUTPUTS for p in range(there.on.log.partitions)]
        return await reader.bounds(places)


def candidate(journey: str, name: str = "cart") -> Candidate:
    return Candidate(playbook(name, journey))


async def test_as_it_was_every_decision_is_made_again_byte_for_byte(
    kafka_bootstrap: str, database: Any
) -> None:
    async with shop(kafka_bootstrap, database, CART_PLAYBOOK, VIEWS_PLAYBOOK) as there:
        await lives(there)
        before = await ends(there)
        cart, views = await there.asks(Wish("cart")), await there.asks(Wish("views"))
        part = await there.asks(Wish("cart", until=utc_now() + HOUR))
        after = await ends(there)

    assert (cart.decisions, views.decisions) == (8, 1)
    for answered in (cart, views):
        assert answered.identical
        assert answered.digest_recorded == answered.digest_replayed
        assert answered.timers > 0
    assert len({one.digest_recorded for one in (cart, views, part)}) == 3
    assert part.identical
    assert 0 < part.decisions < cart.decisions
    assert before == after


async def test_a_candidate_decides_otherwise_only_where_it_says_otherwise(
    kafka_bootstrap: str, database: Any, tmp_path: Path
) -> None:
    async with shop(kafka_bootstrap, database, CART_PLAYBOOK, VIEWS_PLAYBOOK) as there:
        await lives(there)
        before = await ends(there)
        same = await there.answers(Question("shop", "cart", candidate(CART)))
        faster = await there.answers(Question("shop", "cart", candidate(FASTER)))
        divided = await there.answers(Question("shop", "cart", candidate(FASTER)), workers=2)
        silent = await there.answers(Question("shop", "cart", candidate(SILENT)))
        after = await ends(there)
        published = await there.asks(Wish("cart", version=CART_PLAYBOOK.hash[:8]))
        with pytest.raises(UsageError, match="has no playbook hats"):
            await there.asks(Wish("hats", workspace="shop"))
        with pytest.raises(UsageError, match="no playbook cart"):
            await there.asks(Wish("cart", folder=_folder(tmp_path)))

    assert before == after
    for answered in (same, published):
        assert answered.comparison is not None
        assert answered.comparison.changes == ()
        assert answered.comparison.same == 8
        assert answered.comparison.later == answered.comparison.earlier == 0
    told = list(sentences(faster))
    assert "  +1 reminder by email, before cancelled: they ordered" in told
    assert str(person("bert")) in "".join(told)
    assert faster.comparison == divided.comparison
    # Who had been reminded when they became somebody else is not reminded anew.
    assert faster.comparison is not None
    assert (faster.comparison.added, faster.comparison.removed) == (2, 1)
    assert silent.comparison is not None
    assert (silent.comparison.added, silent.comparison.removed) == (0, 2)


async def test_a_candidate_is_in_force_from_the_instant_that_is_named(
    kafka_bootstrap: str, database: Any
) -> None:
    faster = playbook("cart", FASTER)
    moves = Transition(playbook="cart", to=faster.hash, under_way="migrate", at=utc_now())
    async with shop(kafka_bootstrap, database, CART_PLAYBOOK) as there:
        await there.meets("anna", "bert")
        await there.does("anna", "Product Added", product_id="p1", quantity=1)
        await there.tells(EnrollmentEntered, 1)
        since = utc_now()
        await there.publishes(faster, number=2, transitions=(moves,))
        await there.tells(EnrollmentMigrated, 1)
        await there.does("bert", "Product Added", product_id="p1", quantity=1)
        await there.tells(EnrollmentEntered, 2)
        await there.passes(HOUR)
        await there.decides(2)
        await there.passes(2 * HOUR)
        await there.decides(4)
        was = await there.asks(Wish("cart", until=utc_now() + 24 * HOUR))
        later = await there.answers(Question("shop", "cart", candidate(SILENT), since=since))
        always = await there.answers(Question("shop", "cart", candidate(SILENT)))
        before = await there.answers(Question("shop", "cart", candidate(SILENT), until=since))

    assert was.identical
    assert (was.decisions, was.versions) == (4, (faster.hash,))
    assert (later.comparison and later.comparison.removed) == 1
    assert (always.comparison and always.comparison.removed) == 2
    assert before.decisions == 0


def _folder(path: Path) -> Path:
    """A folder in which the playbook is not."""
    (path / "workspaces").mkdir()
    files = WORKSPACE.files["workspace.yaml"]
    (path / "workspaces" / "shop.yaml").write_text(files)
    hats = path / "playbooks" / "views"
    (hats / "templates").mkdir(parents=True)
    for name, text in VIEWS_PLAYBOOK.files.items():
        (hats / name).write_text(text)
    return path
