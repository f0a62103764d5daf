"""The folds of `dispatcher consume`, and who a recipient is."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.consuming import TOMBSTONE, Record
from common.contracts import Payload, encode_event
from common.contracts.deliveries import DeliveryUnknown
from common.errors import PermanentError
from common.ids import derive
from dispatcher.domain.recipient import (
    Recipient,
    address_hash,
    erased,
    lineage,
    newer,
    usable_email,
)
from dispatcher.handlers import Docket, change_contact, erase_contact, plan_delivery
from services.dispatcher.tests.making import ANNA, HOUR, NOW, contact, request

BEA = derive("profile", "bea")
PEPPER = b"pepper-of-the-tests"


def record(
    payload: Payload, *, subject: str = str(ANNA), at: datetime = NOW, history: bool = False
) -> Record:
    event = encode_event(
        payload,
        id=derive("event"),
        source="/test",
        subject=subject,
        time=at,
        workspace="demo",
        correlationid=derive("chain"),
    )
    return Record("t", 3, 7, at, at - timedelta(seconds=1), event, "00-trace", history)


def test_a_request_becomes_a_planned_delivery_with_its_trace() -> None:
    folded = plan_delivery(NOW - HOUR)(None, record(request()), NOW)

    (planned,) = folded.state.planned
    assert planned.request == request()
    assert (planned.partition, planned.workspace, planned.profile_id) == (3, "demo", ANNA)
    assert (planned.cause, planned.correlation) == (derive("event"), derive("chain"))
    assert planned.accepted_at == NOW - timedelta(seconds=1)
    assert planned.traceparent == "00-trace"
    assert not folded.consequences


def test_what_was_requested_before_this_life_is_unknown_and_never_sent() -> None:
    folded = plan_delivery(NOW + HOUR)(None, record(request(), history=True), NOW)

    assert not folded.state.planned
    assert [past.request for past in folded.state.past] == [request()]
    (told,) = folded.consequences
    assert isinstance(told.payload, DeliveryUnknown)
    assert told.payload.reason == "history"


def test_what_expired_before_this_life_is_told_to_nobody() -> None:
    folded = plan_delivery(NOW + 48 * HOUR)(None, record(request(), history=True), NOW)

    assert folded.state.past
    assert not folded.consequences


def test_a_request_for_nobody_is_poison() -> None:
    with pytest.raises(PermanentError):
        plan_delivery(NOW - HOUR)(None, record(request(), subject="anna"), NOW)


def test_a_contact_is_kept_and_saved_once() -> None:
    first = change_contact(None, record(contact()), NOW).state
    again = change_contact(Docket(recipient=first.recipient), record(contact()), NOW).state

    assert first.changed
    assert first.recipient == Recipient(workspace="demo", version=1, contact=contact())
    assert not again.changed


def test_a_merged_profile_keeps_nothing_but_who_it_became() -> None:
    """Also where a snapshot says more than it should."""
    known = change_contact(None, record(contact(3)), NOW).state
    merged = change_contact(known, record(contact(4, merged_into=BEA)), NOW).state
    straggler = change_contact(merged, record(contact(3)), NOW).state
    split = change_contact(merged, record(contact(5)), NOW).state
    gone = erase_contact(merged, record(contact()), NOW).state

    assert merged.recipient == Recipient(workspace="demo", version=4, contact=None, merged_into=BEA)
    assert not merged.recipient.is_erased
    assert straggler.recipient == merged.recipient
    assert split.recipient == Recipient(workspace="demo", version=5, contact=contact(5))
    assert gone.recipient is not None
    assert gone.recipient.is_erased


people = st.integers(0, 5)


@given(st.dictionaries(people, st.one_of(st.none(), people)), people)
def test_every_line_of_merges_has_an_end(merges: dict[int, int | None], first: int) -> None:
    ids = [derive("profile", number) for number in range(6)]
    merged_into = {
        ids[loser]: None if winner is None else ids[winner] for loser, winner in merges.items()
    }

    line = lineage(ids[first], merged_into)

    assert len(line) == len(set(line))
    assert all(merged_into[one] == another for one, another in pairwise(line))
    assert (not line) == (ids[first] not in merged_into)
    if line:
        following = merged_into[line[-1]]
        assert following is None or following not in merged_into or following in line


def test_a_tombstone_erases_and_only_a_newer_snapshot_revives() -> None:
    known = newer(None, contact(4), "demo")
    gone = erase_contact(Docket(recipient=known), record(contact(), subject=str(ANNA)), NOW).state

    assert gone.recipient is not None
    assert gone.recipient.is_erased
    assert newer(gone.recipient, contact(4), "demo").is_erased
    assert not newer(gone.recipient, contact(5), "demo").is_erased
    assert erased(None).is_erased
    assert TOMBSTONE


@given(st.lists(st.integers(1, 9), min_size=1, max_size=20))
def test_in_whatever_order_snapshots_come_the_highest_version_stays(versions: list[int]) -> None:
    known: Recipient | None = None
    for version in versions:
        known = newer(known, contact(version), "demo")

    assert known is not None
    assert known.version == max(versions)


@pytest.mark.parametrize(
    ("address", "usable"),
    [
        ("anna@example.com", "anna@example.com"),
        (" anna@example.com ", "anna@example.com"),
        ("anna@müller.example", "anna@xn--mller-kva.example"),
        ("änna@example.com", None),
        ("anna", None),
        ("anna@@example.com", None),
        ("anna@example.com\r\nBcc: b@example.com", None),
        ("anna @example.com", None),
        ("<anna@example.com>", None),
        ("a" * 250 + "@example.com", None),
        ("anna@" + "a" * 70 + ".example", None),
        ("anna@example.com, b@example.com", None),
    ],
)
def test_an_address_is_usable_or_it_is_not(address: str, usable: str | None) -> None:
    assert usable_email(address) == usable


def test_an_address_has_one_hash_per_workspace_and_channel() -> None:
    same = {
        address_hash(PEPPER, "demo", "email", text)
        for text in ("Anna@Example.com", "anna@example.com ", "ANNA@EXAMPLE.COM")
    }
    others = {
        address_hash(PEPPER, "other", "email", "anna@example.com"),
        address_hash(PEPPER, "demo", "sms", "anna@example.com"),
        address_hash(b"another-pepper-------", "demo", "email", "anna@example.com"),
    }

    assert len(same) == 1
    assert len(same | others) == 4
