"""Double opt-in: a request alone allows nothing, and a confirmation only what was requested in time."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.configuration.consent import ConsentPolicy
from common.ids import accepted_event_id
from ingest.domain.people import known_at
from ingest.domain.vocabulary import CANONICAL
from services.ingest.tests.making import NOW, Shop, activities, consents
from services.ingest.tests.opting import MARKETING, is_granted, says

PAGE = Path("docs/consent.md").read_text("utf-8")


def grants(shop: Shop) -> dict[str, bool]:
    return {f"{c.channel}.{c.purpose}": c.granted for c in shop.contact.consents}


def test_a_request_is_confirmed_once() -> None:
    shop = Shop()
    says(shop, "Requested")
    says(shop, "Confirmed", days=1)
    says(shop, "Withdrawn", days=2)
    told = says(shop, "Confirmed", days=3)

    assert not is_granted(shop)
    assert consents(told) == []

    says(shop, "Requested", days=4)
    says(shop, "Confirmed", days=5)
    assert is_granted(shop)


def test_what_is_withdrawn_before_it_is_confirmed_can_no_longer_be_confirmed() -> None:
    shop = Shop()
    says(shop, "Requested")
    says(shop, "Withdrawn", days=1)
    says(shop, "Confirmed", days=2)

    assert not is_granted(shop)


def test_a_confirmation_that_comes_late_is_of_the_request_before_it() -> None:
    shop = Shop()
    says(shop, "Requested")
    says(shop, "Requested", days=5)
    says(shop, "Confirmed", days=2)

    assert is_granted(shop)


def test_a_plain_consent_beside_the_request_does_not_hide_the_double_opt_in() -> None:
    shop = Shop()
    says(shop, "Requested")
    says(shop, "Granted", days=1)
    says(shop, "Confirmed", days=2)

    (standing,) = shop.contact.consents
    assert standing.basis == "double_opt_in"


def test_a_double_opt_in_from_before_a_withdrawal_is_no_proof_of_a_consent_after_it() -> None:
    shop = Shop()
    says(shop, "Requested")
    says(shop, "Withdrawn", days=1)
    says(shop, "Granted", days=2)
    says(shop, "Confirmed", days=3)

    (standing,) = shop.contact.consents
    assert (standing.granted, standing.basis) == (True, "consent")


def test_a_request_alone_allows_nothing_and_withdraws_nothing() -> None:
    shop = Shop()
    says(shop, "Requested")
    assert grants(shop) == {}

    says(shop, "Granted", days=1)
    says(shop, "Requested", days=2)
    assert grants(shop) == {"email.marketing": True}


def test_a_playbook_hears_what_was_requested() -> None:
    (heard,) = activities(says(Shop(), "Requested", ip="192.0.2.7"))

    assert heard.properties == MARKETING


def test_a_confirmation_in_time_grants_with_both_times_as_proof() -> None:
    shop = Shop()
    says(shop, "Requested", text_version="v7", ip="192.0.2.7")
    told = says(shop, "Confirmed", days=2, ip="192.0.2.8")

    assert consents(told) == [("email", "marketing", True)]
    (standing,) = shop.contact.consents
    assert standing.basis == "double_opt_in"
    assert standing.proof_id == accepted_event_id("demo", "shop", "Confirmed 2")
    request, confirmation, grant = shop.people.statements
    assert [s.step for s in (request, confirmation, grant)] == ["requested", "confirmed", None]
    assert (request.ip, grant.ip, grant.text_version) == ("192.0.2.7", "192.0.2.8", "v7")
    assert (grant.requested_at, grant.confirmed_at) == (NOW, NOW + timedelta(days=2))
    assert grant.source == "shop"
    assert "192.0.2" not in str(shop.told)


def test_a_confirmation_that_comes_too_late_grants_nothing() -> None:
    shop = Shop()
    says(shop, "Requested")
    says(shop, "Confirmed", days=8)

    assert grants(shop) == {}


def test_a_confirmation_without_a_request_grants_nothing() -> None:
    shop = Shop()
    says(shop, "Confirmed")

    assert grants(shop) == {}


def test_a_request_that_is_heard_after_its_confirmation_grants_as_of_the_confirmation() -> None:
    shop = Shop()
    says(shop, "Confirmed", days=1)
    told = says(shop, "Requested")

    assert consents(told) == [("email", "marketing", True)]
    assert shop.people.statements[-1].meant_at == NOW + timedelta(days=1)


def test_a_withdrawal_after_the_confirmation_outlives_a_late_request() -> None:
    shop = Shop()
    says(shop, "Confirmed", days=1)
    says(shop, "Withdrawn", days=2)
    says(shop, "Requested")

    assert grants(shop) == {"email.marketing": False}


def test_a_double_opt_in_replaces_the_proof_of_a_plain_one() -> None:
    shop = Shop()
    says(shop, "Granted")
    says(shop, "Requested", days=1)
    says(shop, "Confirmed", days=2)

    (standing,) = shop.contact.consents
    assert standing.basis == "double_opt_in"


@pytest.mark.parametrize(
    ("basis", "purpose", "channel", "stands"),
    [
        ("existing_customer", "marketing", "email", "existing_customer"),
        ("soft_opt_in", "marketing", "sms", "existing_customer"),
        ("existing_customer", "marketing", "phone", None),
        ("existing_customer", "profiling", "email", None),
        ("contract", "transactional", "email", "contract"),
        ("contract", "marketing", "email", None),
        ("single_opt_in", "marketing", "phone", "consent"),
    ],
)
def test_a_basis_allows_only_what_the_law_lets_it(
    basis: str, purpose: str, channel: str, stands: str | None
) -> None:
    shop = Shop()
    says(shop, "Granted", basis=basis, purpose=purpose, channel=channel)

    assert [c.basis for c in shop.contact.consents] == ([stands] if stands else [])


events = st.lists(
    st.tuples(st.sampled_from(["Requested", "Confirmed", "Withdrawn"]), st.integers(0, 3)),
    max_size=4,
    unique=True,
)


@given(events.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_no_order_of_arrival_lets_a_no_be_forgotten(
    said: tuple[list[tuple[str, int]], list[tuple[str, int]]],
) -> None:
    for order in said:
        shop = Shop()
        for what, day in order:
            says(shop, what, days=day)
        noes = [day for what, day in order if what == "Withdrawn"]
        yeses = [day for what, day in order if what == "Confirmed"]
        if noes and max(noes) >= max(yeses, default=0):
            assert grants(shop).get("email.marketing") is False


def test_the_ledger_alone_tells_what_stood_at_any_time() -> None:
    shop = Shop()
    says(shop, "Granted")
    says(shop, "Withdrawn", days=2)
    says(shop, "Granted", days=4)

    stood = [
        known_at(shop.people.statements, NOW + timedelta(days=day)).get("email.marketing")
        for day in (-1, 1, 3, 5)
    ]
    assert [None if one is None else one.granted for one in stood] == [None, True, False, True]


def test_the_ledger_tells_by_itself_what_a_merge_let_stand() -> None:
    shop = Shop()
    shop.says("track", userId="u1", event="Consent Withdrawn", properties=MARKETING)
    shop.says("track", anonymousId="a1", event="Consent Granted", properties=MARKETING)
    shop.says("identify", userId="u1", anonymousId="a1")

    assert not known_at(shop.people.statements, shop.now)["email.marketing"].granted


def test_the_page_names_the_events_and_the_default() -> None:
    named = set(re.findall(r"`(Consent \w+)`", PAGE))

    assert named == {name for name in CANONICAL if name.startswith("Consent ")}
    assert f"`confirm_within` ({ConsentPolicy().confirm_within.days} days" in PAGE
