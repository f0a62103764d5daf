"""The gate: who may be written to at the moment of sending, and what is said where not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ids import derive
from dispatcher.domain.gate import (
    QUESTIONS,
    AddressStanding,
    ContactsKnowledge,
    Hold,
    PersonStop,
    Send,
    Situation,
    Skip,
    Wait,
    judge,
)
from dispatcher.domain.reasons import HELD, SKIPPED
from dispatcher.domain.recipient import Recipient
from services.dispatcher.tests.making import (
    ADDRESS,
    HOUR,
    NOW,
    SECOND,
    consent,
    delivery,
    recipient,
    situation,
)

BEHIND = ContactsKnowledge(NOW - 31 * SECOND, HOUR)
OLDER_THAN_THE_REQUEST = ContactsKnowledge(NOW - 2 * SECOND, HOUR)
UNKNOWN = ContactsKnowledge(None, SECOND)
MERGED = Recipient(workspace="demo", version=3, contact=None, merged_into=derive("profile", "bea"))
TRANSACTIONAL = delivery(purpose="transactional")


def test_with_consent_and_nothing_against_it_a_mail_is_sent() -> None:
    assert judge(situation()) == Send(ADDRESS)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"now": NOW + 24 * HOUR}, "expired"),
        ({"recipient": Recipient(workspace="demo", version=3, contact=None)}, "erased"),
        ({"has_adapter": False, "template": "template_missing"}, "no_adapter"),
        ({"template": "template_missing"}, "template_missing"),
        ({"template": "template_error"}, "template_error"),
        ({"recipient": None}, "no_address"),
        ({"recipient": recipient(email=None)}, "no_address"),
        ({"recipient": recipient(email="no address")}, "no_address"),
        ({"address": AddressStanding(suppressed="address_unknown")}, "suppressed"),
        ({"stop": PersonStop(transactional=False)}, "suppressed"),
        ({"stop": PersonStop(transactional=True), "delivery": TRANSACTIONAL}, "suppressed"),
        ({"recipient": recipient(consents=())}, "no_consent"),
        ({"recipient": recipient(consents=(consent("profiling"),))}, "no_consent"),
        ({"address": AddressStanding({"marketing": NOW - SECOND})}, "withdrawn"),
        ({"address": AddressStanding({"*": NOW - SECOND})}, "withdrawn"),
    ],
)
def test_what_is_skipped_is_never_sent(changes: dict[str, object], reason: str) -> None:
    assert judge(situation(**changes)) == Skip(reason)
    assert reason in SKIPPED


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"halted": True}, "halted"),
        ({"configured": False}, "unknown_workspace"),
        ({"template": "unknown_version"}, "unknown_version"),
        ({"contacts": BEHIND}, "contacts_behind"),
        ({"recipient": MERGED}, "merging"),
        ({"recipient": MERGED, "delivery": TRANSACTIONAL}, "merging"),
        ({"provider_back_at": NOW + SECOND}, "provider_unavailable"),
    ],
)
def test_what_may_change_is_held_and_said_so(changes: dict[str, object], reason: str) -> None:
    verdict = judge(situation(**changes))

    assert isinstance(verdict, Hold)
    assert verdict.reason == reason
    assert reason in HELD


def test_without_a_barrier_no_marketing_is_claimed() -> None:
    assert isinstance(judge(situation(barrier_at=None)), Wait)


def test_how_late_the_contacts_are_is_read_on_the_brokers_clock() -> None:
    """The database's may be wrong by an hour: it dated neither the contacts nor the barrier."""
    slow = situation(now=NOW - HOUR, contacts=BEHIND, barrier_at=NOW)
    fast = situation(now=NOW + HOUR, barrier_at=NOW)

    assert isinstance(judge(slow), Hold)
    assert isinstance(judge(fast), Send)


def test_an_order_confirmation_needs_neither_consent_nor_barrier_nor_fresh_contacts() -> None:
    verdict = judge(
        situation(
            delivery=TRANSACTIONAL,
            recipient=recipient(consents=()),
            address=AddressStanding({"*": NOW - SECOND}),
            barrier_at=None,
            contacts=BEHIND,
        )
    )

    assert verdict == Send(ADDRESS)


def test_who_is_suppressed_gets_an_order_confirmation_unless_that_was_meant_too() -> None:
    verdict = judge(situation(delivery=TRANSACTIONAL, stop=PersonStop(transactional=False)))

    assert verdict == Send(ADDRESS)


def test_a_new_consent_does_not_lift_the_suppression_of_a_person() -> None:
    anew = recipient(consents=(consent(since=NOW),))

    assert judge(situation(recipient=anew, stop=PersonStop(transactional=False))) == Skip(
        "suppressed"
    )


def test_a_halt_stops_an_order_confirmation_too() -> None:
    assert isinstance(judge(situation(delivery=TRANSACTIONAL, halted=True)), Hold)


@pytest.mark.parametrize("changes", [{"recipient": None}, {"recipient": recipient(consents=())}])
def test_a_no_from_contacts_older_than_the_request_is_not_final(
    changes: dict[str, object],
) -> None:
    older = judge(situation(**changes, contacts=OLDER_THAN_THE_REQUEST))
    newer = judge(situation(**changes))

    assert isinstance(older, Wait)
    assert isinstance(newer, Skip)


def test_nobody_can_say_that_contacts_are_late_before_somebody_measured() -> None:
    just_started = judge(situation(contacts=UNKNOWN))
    measured_in_vain = judge(situation(contacts=replace(UNKNOWN, watched_for=HOUR)))

    assert isinstance(just_started, Wait)
    assert isinstance(measured_in_vain, Hold)


def test_a_consent_given_after_a_withdrawal_counts() -> None:
    verdict = judge(
        situation(
            recipient=recipient(consents=(consent(since=NOW - SECOND),)),
            address=AddressStanding({"marketing": NOW - 2 * SECOND, "*": NOW - HOUR}),
        )
    )

    assert verdict == Send(ADDRESS)


def test_a_withdrawal_at_the_very_instant_of_the_consent_wins() -> None:
    verdict = judge(
        situation(
            recipient=recipient(consents=(consent(since=NOW - SECOND),)),
            address=AddressStanding({"marketing": NOW - SECOND}),
        )
    )

    assert verdict == Skip("withdrawn")


def test_what_is_held_is_looked_at_again_when_it_expires_at_the_latest() -> None:
    soon = delivery(expires_at=NOW + SECOND)

    verdict = judge(situation(delivery=soon, contacts=BEHIND))

    assert verdict == Hold("contacts_behind", NOW + SECOND)


instants = st.integers(-7200, 7200).map(lambda seconds: NOW + timedelta(seconds=seconds))
standings = st.builds(
    AddressStanding,
    st.dictionaries(st.sampled_from(["marketing", "*", "profiling"]), instants),
    st.sampled_from([None, "address_unknown"]),
)
recipients = st.one_of(
    st.none(),
    st.just(Recipient(workspace="demo", version=9, contact=None)),
    st.just(MERGED),
    st.lists(instants, max_size=2).map(
        lambda times: recipient(consents=tuple(consent(since=at) for at in times))
    ),
)
situations = st.builds(
    Situation,
    now=instants,
    delivery=st.sampled_from([delivery(), TRANSACTIONAL, delivery(expires_at=NOW)]),
    recipient=recipients,
    address=standings,
    halted=st.booleans(),
    contacts=st.builds(
        ContactsKnowledge, st.one_of(st.none(), instants), st.sampled_from([SECOND, HOUR])
    ),
    barrier_at=st.one_of(st.none(), instants),
    configured=st.booleans(),
    template=st.sampled_from(["ready", "unknown_version", "template_missing", "template_error"]),
    stop=st.one_of(st.none(), st.builds(PersonStop, transactional=st.booleans())),
    provider_back_at=st.one_of(st.none(), instants),
)


@given(situations)
def test_nothing_is_sent_against_any_single_objection(s: Situation) -> None:
    verdict = judge(s)

    objections = [o for o in (question(s) for question in QUESTIONS) if o is not None]
    assert isinstance(verdict, Send) == (not objections)


@given(situations)
def test_no_marketing_goes_to_who_said_no_after_the_last_yes(s: Situation) -> None:
    if s.delivery.is_transactional or not isinstance(judge(s), Send):
        return

    assert s.recipient is not None
    assert s.recipient.contact is not None
    noes = [at for purpose, at in s.address.withdrawn.items() if purpose in {"marketing", "*"}]
    assert all(no < s.recipient.contact.consents[0].since for no in noes)
    assert s.barrier_at
    assert not s.contacts.is_stale(s.barrier_at)


@given(situations)
def test_every_pause_ends_by_the_expiry(s: Situation) -> None:
    verdict = judge(s)

    if isinstance(verdict, Hold | Wait):
        assert verdict.until <= s.delivery.request.expires_at
