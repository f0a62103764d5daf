"""What is folded at a glance comes to the very state that the orchestrator's own fold comes to."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import hypothesis.strategies as st
import msgspec
from hypothesis import given

from common.contracts.profiles import LeadScored
from common.streaming.model import Record
from cuestream.whatif.world import World
from deploy.local.tests.whatif.past import CART, VIEWS, playbook
from deploy.local.tests.whatif.worlds import ANNA, BERT, NOON, Told, rules

CARTS = rules(playbook("cart", CART))
NAMES = ("Page Viewed", "Product Viewed", "Order Refunded", "Product Added", "Order Completed")
WAITING = CART.replace(
    'trigger: {event: [Product Added, Cart Viewed], when: "size(customer.cart.items) > 0"}',
    "trigger: {becomes: customer.orders.count >= 2}",
)
SILENT = CART.replace(
    'trigger: {event: [Product Added, Cart Viewed], when: "size(customer.cart.items) > 0"}',
    "trigger: {inactive: 30d}",
)
MEETS, SCORES = "is met", "is scored"
moments = st.tuples(
    st.sampled_from((*NAMES, MEETS, SCORES)), st.sampled_from((ANNA, BERT)), st.integers(0, 600)
)


def happens(told: Told, name: str, who: UUID, at: datetime) -> Record:
    if name == MEETS:
        return told.meets(who, at)[at.minute % 2]
    if name == SCORES:
        score = LeadScored(
            score=at.minute, previous_score=None, grade="A", reasons=(), model_version="m"
        )
        return told.record(score, who, at)
    return told.does(who, name, at, product_id="p", quantity=1)


@given(st.lists(moments, max_size=25))
def test_a_glance_leaves_the_state_that_the_fold_leaves(
    lives: list[tuple[str, UUID, int]],
) -> None:
    told = Told(CARTS)
    records = [
        happens(told, name, who, NOON + timedelta(minutes=minute)) for name, who, minute in lives
    ]
    plain = World()
    plain.fold(CARTS.table, records, (), lambda _: NOON)
    glanced = World()
    for record in records:
        if not CARTS.attention.glances(glanced.entries[record.event.subject], record):
            glanced.fold(CARTS.table, [record], (), lambda _: NOON)

    assert {k: (e.state, e.now) for k, e in glanced.entries.items()} == {
        k: (e.state, e.now) for k, e in plain.entries.items()
    }


def _glanced(told: Told, record: Record) -> bool:
    return told.rules.attention.glances(World().entries[str(ANNA)], record)


def test_what_a_playbook_hears_is_looked_at() -> None:
    told = Told(CARTS)

    assert _glanced(told, told.does(ANNA, "Page Viewed", NOON))
    assert not _glanced(told, told.does(ANNA, "Product Added", NOON))
    assert not _glanced(told, told.does(ANNA, "Order Completed", NOON))
    assert all(_glanced(told, one) for one in told.meets(ANNA, NOON))


def test_where_something_waits_for_whatever_changes_everything_is_looked_at() -> None:
    for journey in (WAITING, SILENT):
        told = Told(rules(playbook("cart", journey)))
        assert not _glanced(told, told.does(ANNA, "Page Viewed", NOON))
    two = Told(rules(playbook("cart", CART), playbook("views", VIEWS)))
    assert not _glanced(two, two.does(ANNA, "Product Viewed", NOON))


def test_what_cannot_be_read_is_left_to_the_fold() -> None:
    told = Told(CARTS)
    record = told.does(ANNA, "Page Viewed", NOON)
    broken = msgspec.structs.replace(record.event, data=msgspec.Raw(b'{"name":"Page Viewed"}'))

    assert not _glanced(told, msgspec.structs.replace(record, event=broken))
