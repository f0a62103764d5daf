"""The consent ledger: default none, in the order of receipt, and a late opt-in revives nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.ingestion import EDGE
from common.errors import PermanentError
from common.ids import accepted_event_id
from ingest.domain.people import Standing, Statement, restate
from services.ingest.tests.making import NOW, Shop, accepted, consents, snapshots, withdrawal

MARKETING = {"channel": "email", "purpose": "marketing"}
HOUR = timedelta(hours=1)


def subscribed() -> Shop:
    shop = Shop()
    shop.identify({"email": "ada@example.com", "consents": {"email.marketing": True}})
    return shop


def grants(shop: Shop) -> dict[str, bool]:
    return {f"{c.channel}.{c.purpose}": c.granted for c in shop.contact.consents}


def owner(shop: Shop) -> UUID:
    (profile_id,) = shop.people.profiles
    return profile_id


def test_nobody_has_consented_by_default() -> None:
    shop = Shop()
    shop.identify({"email": "ada@example.com"})

    assert shop.contact.consents == ()


def test_a_consent_among_traits_is_told_and_stands_in_the_snapshot() -> None:
    shop = Shop()
    told = shop.identify({"consents": {"email.marketing": True, "sms.marketing": False}})

    assert consents(told) == [("email", "marketing", True), ("sms", "marketing", False)]
    (contact,) = snapshots(told)
    assert [c.granted for c in contact.consents] == [True, False]
    assert contact.consents[0].proof_id == accepted_event_id("demo", "shop", "m1")


def test_a_consent_event_keeps_its_proof_in_the_ledger_and_not_on_the_topic() -> None:
    shop = Shop()
    told = shop.says(
        "track",
        userId="u1",
        event="Consent Granted",
        properties={**MARKETING, "basis": "double_opt_in", "text_version": "v7", "ip": "192.0.2.7"},
    )

    assert consents(told) == [("email", "marketing", True)]
    (kept,) = shop.people.statements
    assert (kept.basis, kept.text_version, kept.ip) == ("double_opt_in", "v7", "192.0.2.7")
    assert "192.0.2.7" not in str(told)


def test_a_consent_said_again_is_no_news_and_keeps_its_first_proof() -> None:
    shop = subscribed()
    told = shop.identify({"consents": {"email.marketing": True}})

    assert told == []
    assert len(shop.people.statements) == 1
    assert shop.contact.consents[0].proof_id == accepted_event_id("demo", "shop", "m1")


def test_a_consent_event_said_again_is_kept_as_proof() -> None:
    shop = subscribed()
    shop.says("track", userId="u1", event="Consent Granted", properties=MARKETING)

    assert len(shop.people.statements) == 2


def test_a_withdrawal_raises_the_version() -> None:
    shop = subscribed()
    told = shop.says("track", userId="u1", event="Consent Withdrawn", properties=MARKETING)

    assert consents(told) == [("email", "marketing", False)]
    assert snapshots(told)[0].profile_version == 2


def test_an_older_opt_in_that_comes_late_revives_nothing() -> None:
    shop = subscribed()
    shop.says("track", userId="u1", event="Consent Withdrawn", properties=MARKETING)
    told = shop.identify({"consents": {"email.marketing": True}}, meant_before=HOUR)

    assert told == []
    assert grants(shop) == {"email.marketing": False}


def test_an_opt_in_received_earlier_but_folded_later_revives_nothing() -> None:
    shop = subscribed()
    shop.says("track", userId="u1", event="Consent Withdrawn", properties=MARKETING)
    shop.identify({"consents": {"email.marketing": True}}, received_before=HOUR)

    assert grants(shop) == {"email.marketing": False}


def test_an_opt_in_that_a_stranger_says_to_have_received_tomorrow_can_be_withdrawn() -> None:
    shop = subscribed()
    opt_in = {"type": "track", "userId": "u1", "event": "Consent Granted", "properties": MARKETING}
    tomorrow = accepted(
        opt_in, received_at=NOW + 24 * HOUR, message_id="early", appended_at=NOW + HOUR
    )
    shop.folds(tomorrow)
    shop.now += 2 * HOUR
    shop.says("track", userId="u1", event="Consent Withdrawn", properties=MARKETING)

    assert grants(shop) == {"email.marketing": False}
    assert all(told.time is None or told.time <= shop.now for told in shop.told)


@pytest.mark.parametrize(
    ("topic", "granted"), [("ingest.events", False), ("ingest.commands", True)]
)
def test_a_no_counts_from_when_the_log_took_it_if_our_edge_s_clock_is_behind(
    topic: str, granted: bool
) -> None:
    shop = subscribed()
    body = {"type": "track", "userId": "u1", "event": "Consent Withdrawn", "properties": MARKETING}
    no = accepted(
        body,
        received_at=NOW - HOUR,
        message_id="no",
        appended_at=shop.now + HOUR,
        source=EDGE,
        topic=topic,  # what was quarantined and is tried again days later says when it was received
    )
    shop.folds(no)

    assert grants(shop) == {"email.marketing": granted}


def test_a_new_opt_in_after_a_withdrawal_counts() -> None:
    shop = subscribed()
    shop.says("track", userId="u1", event="Consent Withdrawn", properties=MARKETING)
    shop.identify({"consents": {"email.marketing": True}})

    assert grants(shop) == {"email.marketing": True}


def test_an_unsubscribe_at_the_dispatcher_withdraws_in_the_ledger() -> None:
    shop = subscribed()
    told = shop.folds(withdrawal(owner(shop), at=shop.now + HOUR))

    assert consents(told) == [("email", "marketing", False)]
    assert shop.people.statements[-1].via == "one_click"


def test_an_unsubscribe_from_all_spares_the_messages_that_an_order_brings() -> None:
    shop = Shop()
    shop.identify(
        {
            "consents": {
                "email.marketing": True,
                "email.transactional": True,
                "email.profiling": True,
                "sms.marketing": True,
            }
        }
    )
    shop.folds(withdrawal(owner(shop), at=shop.now + HOUR, purpose="*"))

    assert grants(shop) == {
        "email.marketing": False,
        "email.profiling": False,
        "email.transactional": True,
        "sms.marketing": True,
    }


def test_an_unsubscribe_of_nobody_is_set_aside() -> None:
    with pytest.raises(PermanentError, match="unknown_profile"):
        Shop().folds(withdrawal(UUID(int=1), at=NOW))


@pytest.mark.parametrize(
    "said",
    [
        {"email.marketing": "yes"},
        {"email": True},
        {"email.made_up": True},
        {"pigeon.marketing": True},
        {"E Mail.marketing": True},
        {"email.": True},
        ["email.marketing"],
        "email.marketing",
    ],
)
def test_what_is_no_clear_statement_grants_nothing(said: object) -> None:
    shop = Shop()

    assert shop.identify({"consents": said}) == []


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"channel": "email"},
        {"channel": 1, "purpose": "x"},
        {"channel": "fax", "purpose": "marketing"},
    ],
)
def test_a_consent_event_without_channel_and_purpose_is_only_an_activity(
    properties: dict[str, object],
) -> None:
    told = Shop().says("track", userId="u1", event="Consent Granted", properties=properties)

    assert consents(told) == []
    assert len(told) == 1


moments = st.integers(0, 5).map(lambda n: NOW + n * HOUR)


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    stated = draw(moments)
    return Statement(
        channel="email",
        purpose="marketing",
        granted=draw(st.booleans()),
        basis="consent",
        stated_at=stated,
        meant_at=min(stated, draw(moments)),
        proof_id=draw(st.uuids()),
        via="identify",
    )


def standing(said: list[Statement]) -> Standing | None:
    stands: Standing | None = None
    for statement in said:
        stands = restate(stands, statement)
    return stands


@given(st.lists(statements(), min_size=1, max_size=6), st.randoms())
def test_what_stands_does_not_depend_on_the_order_of_arrival(
    said: list[Statement], random: object
) -> None:
    shuffled = list(said)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis gives a Random
    one, other = standing(said), standing(shuffled)

    assert one is not None
    assert other is not None
    assert one.granted == other.granted


@given(st.lists(statements(), max_size=6), statements())
def test_no_grant_meant_before_a_withdrawal_was_received_outlives_it(
    said: list[Statement], no: Statement
) -> None:
    no = replace(no, granted=False)
    early = [s for s in said if not s.granted or s.meant_at <= no.stated_at]
    stands = standing([no, *early])

    assert stands is not None
    assert not stands.granted
