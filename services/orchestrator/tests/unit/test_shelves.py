"""Whoever looked at a product and has not bought it hears of a better price, or that it is there again; nobody else, and once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts import Money, decode_event
from common.contracts.catalog import ProductChanged
from common.contracts.decisions import ShelfNoticed
from common.documents import DocumentError
from common.errors import TransientError
from orchestrator.domain.memory import interest
from orchestrator.domain.playbook import parse_playbook
from orchestrator.domain.state import Viewed
from orchestrator.jobs import Shelves
from orchestrator.ports.shelves import Item, Notice
from services.orchestrator.tests.living import START, VISITOR, Life, configuration, playbook
from services.orchestrator.tests.shelving import FakeShelf
from services.orchestrator.tests.unit.test_waking import Appended

DAY = timedelta(days=1)
JOURNEY = """\
purpose: marketing
trigger: [TRIGGER]
entry: {key: event.properties.product_id, again: always}
steps:
  - propose: {message: reminder, channels: [email], expires_after: 24h}
"""
CHEAPER, THERE = "{price_drop: 10, viewed_within: 30d}", "{back_in_stock: true}"


def living(trigger: str = CHEAPER) -> Life:
    return Life(configuration(playbook("offer", JOURNEY.replace("TRIGGER", trigger))))


def falls(life: Life, product: str = "p1", *, to: int = 80, version: int = 2) -> None:
    life.learns(
        ShelfNoticed(
            change="price_drop",
            product_id=product,
            version=version,
            name="Lampe",
            price=Money(to * 100, "EUR"),
            before=Money(10_000, "EUR"),
        )
    )


def is_there(life: Life, product: str = "p1", version: int = 2) -> None:
    life.learns(ShelfNoticed(change="back_in_stock", product_id=product, version=version))


def test_who_looked_at_it_hears_of_the_better_price() -> None:
    life = living()
    life.does("Product Viewed", product_id="p1")
    falls(life)

    [entered] = life.entered
    assert entered.key == "p1"
    assert len(life.requests) == 1


@pytest.mark.parametrize("trigger", [CHEAPER, THERE])
def test_nobody_else_does(trigger: str) -> None:
    life = living(trigger)
    life.does("Product Viewed", product_id="p2")
    falls(life)
    is_there(life)

    assert life.entered == []


def test_a_price_that_falls_by_less_is_no_reason() -> None:
    life = living()
    life.does("Product Viewed", product_id="p1")
    falls(life, to=91)

    assert life.entered == []


def test_who_bought_it_meanwhile_is_left_alone() -> None:
    life = living()
    life.does("Product Viewed", product_id="p1")
    life.does("Order Completed", order_id="O", products=[{"product_id": "p1"}])
    falls(life)

    assert life.entered == []


def test_who_looked_too_long_ago_is_left_alone() -> None:
    life = living()
    life.does("Product Viewed", product_id="p1")
    life.waits(30 * DAY)
    falls(life)

    assert life.entered == []


def test_what_was_heard_of_is_not_heard_of_again() -> None:
    life = living()
    life.does("Product Viewed", product_id="p1")
    falls(life)
    falls(life)
    assert len(life.entered) == 1
    falls(life, to=60, version=3)

    assert len(life.entered) == 2


def test_a_product_that_is_there_again() -> None:
    life = living(THERE)
    life.does("Product Added", product_id="p1")
    falls(life)
    assert life.entered == []
    is_there(life)

    assert len(life.entered) == 1


def test_an_event_of_that_name_from_elsewhere_begins_nothing() -> None:
    life = living()
    life.does("Product Viewed", product_id="p1")
    life.does("Price Dropped", product_id="p1")

    assert life.entered == []


def test_without_such_a_playbook_nothing_of_it_is_remembered() -> None:
    life = living("{event: Page Viewed, when: 'has(event.properties.product_id)'}")
    life.does("Product Viewed", product_id="p1")

    assert life.state is not None
    assert life.state.viewed == {}


def test_two_who_are_one_looked_at_what_either_did_and_heard_what_either_heard() -> None:
    shop = configuration(playbook("offer", JOURNEY.replace("TRIGGER", CHEAPER)))
    visitor, anna = Life(shop, who=VISITOR), Life(shop)
    visitor.does("Product Viewed", product_id="p1")
    falls(visitor)
    visitor.becomes(anna)
    falls(anna)
    assert anna.entered == []
    falls(anna, to=50, version=3)

    assert len(anna.entered) == 1


@pytest.mark.parametrize(
    ("trigger", "said"),
    [
        ("{price_drop: 0}", "per cent"),
        ("{price_drop: 100}", "per cent"),
        ("{back_in_stock: false}", "say `true`"),
        ("{price_drop: 5, viewed_within: 0s}", "longer than nothing"),
    ],
)
def test_what_is_wrong_is_said(trigger: str, said: str) -> None:
    content = playbook("offer", JOURNEY.replace("TRIGGER", trigger))

    with pytest.raises(DocumentError, match=said):
        parse_playbook(content.name, content.hash, content.files)


VIEWED = st.dictionaries(
    st.sampled_from("abcdef"),
    st.builds(
        Viewed,
        st.integers(0, 400).map(lambda days: START + days * DAY),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
)


@given(VIEWED, VIEWED)
def test_uniting_is_commutative_and_idempotent(
    ours: dict[str, Viewed], theirs: dict[str, Viewed]
) -> None:
    both = interest.united(ours, theirs)

    assert both == interest.united(theirs, ours)
    assert both == interest.united(both, theirs)


class NoFeed:
    async def follow(self) -> AsyncIterator[Sequence[Notice]]:
        yield []


LAMP = ProductChanged(
    product_id="p1", version=1, changed_at=START, price=Money(10_000, "EUR"), stock=3
)


class Scene:
    """The job with a shop of two people who looked at the lamp."""

    def __init__(self) -> None:
        self.shelf, self.appended = FakeShelf(), Appended()
        self.shelf.people["shop", "p1"] = [UUID(int=1), UUID(int=2)]
        self.job = Shelves(
            self.shelf, NoFeed(), self.appended, lambda _, key: key[-1] % 2, lambda: START
        )

    async def sees(self, *products: ProductChanged) -> list[tuple[str, str]]:
        """What was told of them, and to whom."""
        before = len(self.appended.rows)
        await self.job.take([Notice("shop", product) for product in products])
        rows = [record for _, row in self.appended.rows[before:] for record in row]
        told = [decode_event(record.value or b"") for record in rows]
        return sorted((one.payload(ShelfNoticed).change, one.subject[-1]) for one in told)


def lamp(version: int, **more: Any) -> ProductChanged:
    values = {name: getattr(LAMP, name) for name in LAMP.__struct_fields__}
    return ProductChanged(**(values | {"version": version} | more))


async def test_the_job_tells_of_what_is_better_than_it_was() -> None:
    scene = Scene()
    assert await scene.sees(LAMP) == []
    assert await scene.sees(lamp(2, price=Money(9_000, "EUR"))) == [
        ("price_drop", "1"),
        ("price_drop", "2"),
    ]
    assert await scene.sees(lamp(3, price=Money(12_000, "EUR"))) == []
    assert await scene.sees(lamp(4, stock=0, price=Money(5_000, "EUR"))) == []
    assert len(await scene.sees(lamp(5, price=Money(5_000, "EUR")))) == 2
    assert await scene.sees(lamp(6, price=Money(4_000, "USD"))) == []


async def test_the_catalog_from_its_beginning_tells_nothing_again() -> None:
    scene = Scene()
    cheaper = lamp(2, price=Money(9_000, "EUR"))
    await scene.sees(LAMP)
    await scene.sees(cheaper)

    assert await scene.sees(cheaper) == []
    assert await scene.sees(LAMP) == []


async def test_of_two_versions_in_one_batch_the_newest_counts() -> None:
    scene = Scene()
    await scene.sees(LAMP)

    both = (lamp(3, price=Money(11_000, "EUR")), lamp(2, price=Money(9_000, "EUR")))
    assert await scene.sees(*both) == []


async def test_what_could_not_be_told_is_told_again_under_the_same_id() -> None:
    scene = Scene()
    await scene.sees(LAMP)
    scene.appended.away = True
    cheaper = lamp(2, price=Money(9_000, "EUR"))
    with pytest.raises(TransientError):
        await scene.sees(cheaper)
    scene.appended.away = False

    assert len(await scene.sees(cheaper)) == 2
    ids = [event.id for event in scene.appended.events]
    assert len(set(ids)) == len(ids) == 2


async def test_another_workspaces_people_hear_nothing() -> None:
    scene = Scene()
    await scene.job.take([Notice("other", LAMP)])
    await scene.job.take([Notice("other", lamp(2, price=Money(1, "EUR")))])

    assert scene.appended.rows == []


def test_what_is_there_is_said_by_the_catalog_or_by_its_stock() -> None:
    assert Item.of(lamp(1, available=False)).orderable is False
    assert Item.of(lamp(1, stock=0)).orderable is False
    assert Item.of(lamp(1, stock=None)).orderable is True
    assert replace(Item.of(LAMP), version=2).price == LAMP.price
