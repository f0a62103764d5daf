"""Ids beside the user's and the visitor's: what they link, what counts more, and when they stop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ids import profile_id
from ingest.domain.identifiers import Identifier
from ingest.domain.people import KindRule, Rules
from services.ingest.tests.making import Shop

ADA, BOB = "ada@example.com", "bob@example.com"


def of_user(value: str) -> UUID:
    return profile_id("demo", "user", value)


def of_visitor(value: str) -> UUID:
    return profile_id("demo", "anonymous", value)


def shop_with(**rules: Any) -> Shop:
    return Shop(rules=Rules(**rules))


def external(kind: str, value: str) -> dict[str, Any]:
    return {"externalIds": [{"type": kind, "id": value}]}


def subscribes(shop: Shop, visitor: str, email: str = ADA) -> UUID:
    """A visitor leaves an address; returns whose that was."""
    shop.says("identify", anonymousId=visitor, traits={"email": email})
    return shop.owner_of(anonymousId=visitor)


def living(shop: Shop) -> set[UUID]:
    return {p for p, profile in shop.people.profiles.items() if profile.merged_into is None}


def test_a_second_device_that_says_the_address_is_the_same_persons() -> None:
    shop = Shop()
    shop.identify({"email": ADA})

    assert subscribes(shop, "phone", " Ada@Example.com ") == of_user("u1")


def test_a_visitor_with_a_past_who_says_the_address_becomes_the_person() -> None:
    shop = Shop()
    shop.identify({"email": ADA})
    shop.owner_of(anonymousId="phone")

    assert subscribes(shop, "phone") == of_user("u1")
    assert living(shop) == {of_user("u1")}


def test_a_new_account_with_a_known_address_keeps_the_history() -> None:
    shop = Shop()
    subscribes(shop, "a1")
    shop.identify({"email": ADA})

    assert shop.owner_of(userId="u1") == of_visitor("a1")


def test_a_phone_number_links_in_whatever_way_it_is_written() -> None:
    shop = Shop()
    shop.identify({"phone": "+49 170 1234567"})
    national = {"phone": "0170 / 123 45 67", "address": {"country": "Germany"}}
    shop.says("identify", anonymousId="a1", traits=national)

    assert shop.owner_of(anonymousId="a1") == of_user("u1")


def test_two_accounts_with_one_address_are_two_people() -> None:
    shop = Shop()
    shop.identify({"email": ADA}, user="u1")
    shop.identify({"email": ADA}, user="u2")

    assert living(shop) == {of_user("u1"), of_user("u2")}


def test_an_account_of_the_crm_and_one_of_the_shop_with_one_address_are_one_person() -> None:
    shop = shop_with(registers=frozenset({"hubspot"}))
    shop.identify({"email": ADA}, user="hubspot:7")
    shop.identify({"email": ADA}, user="u1")

    assert shop.owner_of(userId="u1") == shop.owner_of(userId="hubspot:7")


def test_two_accounts_of_the_crm_with_one_address_are_two_people() -> None:
    shop = shop_with(registers=frozenset({"hubspot"}))
    shop.identify({"email": ADA}, user="hubspot:7")
    shop.identify({"email": ADA}, user="hubspot:8")

    assert len(living(shop)) == 2


def test_an_external_id_of_a_crm_is_the_crms_own_id() -> None:
    shop = shop_with(registers=frozenset({"hubspot"}))
    shop.owner_of(userId="hubspot:7")
    shop.owner_of(userId="u1", context=external("hubspot", "7"))

    assert len(living(shop)) == 1


def test_a_custom_id_links_where_the_workspace_lists_its_kind_and_nowhere_else() -> None:
    for kinds, people in (({"loyalty_card": KindRule()}, 1), ({}, 2)):
        shop = shop_with(kinds=kinds)
        shop.owner_of(userId="u1", context=external("loyalty-card", "L1"))
        shop.owner_of(anonymousId="till", context=external("Loyalty Card", "L1"))

        assert len(living(shop)) == people


def test_two_numbers_of_which_everybody_has_one_are_two_people() -> None:
    shop = shop_with(kinds={"card": KindRule(single=True), "email": KindRule()})
    shop.says("identify", anonymousId="a1", traits={"email": ADA}, context=external("card", "1"))
    shop.says("identify", anonymousId="a2", traits={"email": ADA}, context=external("card", "2"))

    assert shop.owner_of(anonymousId="a1") != shop.owner_of(anonymousId="a2")


def test_the_id_of_the_kind_that_is_listed_first_tells_who_it_is() -> None:
    for kinds, owner in ((("email", "phone"), "u1"), (("phone", "email"), "u2")):
        shop = shop_with(kinds={kind: KindRule() for kind in kinds})
        shop.identify({"email": ADA}, user="u1")
        shop.identify({"phone": "+491701234567"}, user="u2")
        both = {"email": ADA, "phone": "+491701234567"}
        shop.says("identify", anonymousId="a1", traits=both)

        assert shop.owner_of(anonymousId="a1") == of_user(owner)


def test_what_a_page_says_links_nobody_unless_the_workspace_trusts_it() -> None:
    shop = shop_with(unproven=frozenset({"shop"}))
    shop.identify({"email": ADA})

    assert subscribes(shop, "a1") == of_visitor("a1")


def test_an_id_that_never_links_links_nobody() -> None:
    shop = shop_with(never=frozenset({Identifier("email", ADA)}))
    shop.identify({"email": ADA})

    assert subscribes(shop, "a1") == of_visitor("a1")


def test_an_address_that_too_many_say_stops_linking_and_is_known_as_shared() -> None:
    shop = shop_with(kinds={"email": KindRule(at_most=3)})
    owners = [subscribes(shop, f"a{n}", "info@example.com") for n in range(6)]

    assert owners[:3] == [of_visitor("a0")] * 3
    assert owners[3:] == [of_visitor(f"a{n}") for n in range(3, 6)]
    assert len(shop.people.sharing[Identifier("email", "info@example.com")].profiles) == 4


def test_one_that_few_say_within_its_time_goes_on_linking() -> None:
    shop = shop_with(kinds={"email": KindRule(at_most=3, per=timedelta(days=30))})
    for week in range(12):
        shop.now += timedelta(days=20)
        assert subscribes(shop, f"cookie{week}") == of_visitor("cookie0")


def test_visitors_with_a_past_count_as_well() -> None:
    shop = shop_with(kinds={"email": KindRule(at_most=2)})
    for n in range(4):
        shop.owner_of(anonymousId=f"a{n}")
        subscribes(shop, f"a{n}", "info@example.com")

    assert len(living(shop)) == 3


def test_after_a_reset_a_device_is_somebody_new_until_somebody_logs_in() -> None:
    shop = Shop()
    shop.owner_of(userId="u1", anonymousId="before")
    assert shop.owner_of(anonymousId="after") == of_visitor("after")

    shop.owner_of(userId="u2", anonymousId="after")
    assert shop.owner_of(anonymousId="before") == of_user("u1")
    assert shop.owner_of(anonymousId="after") == of_visitor("after")
    assert shop.owner_of(userId="u2") == of_visitor("after")


def test_without_a_reset_a_device_stays_whose_it_was() -> None:
    shop = Shop()
    shop.owner_of(userId="u1", anonymousId="tablet")
    shop.owner_of(userId="u2", anonymousId="tablet")

    assert shop.owner_of(anonymousId="tablet") == of_user("u1")


def test_two_people_on_one_device_are_told_apart_by_what_they_say() -> None:
    shop = Shop()
    shop.identify({"email": ADA}, user="u1", anonymousId="tablet")
    shop.identify({"email": BOB}, user="u2")
    shop.says("identify", anonymousId="tablet", traits={"email": BOB, "firstName": "Bob"})

    assert shop.people.profiles[of_user("u2")].trait("first_name") == "Bob"
    assert shop.people.profiles[of_user("u1")].trait("first_name") is None


def test_a_terminal_in_a_shop_is_nobodys_once_too_many_logged_in_there() -> None:
    shop = shop_with(devices=KindRule(at_most=2))
    for n in range(4):
        assert shop.owner_of(userId=f"u{n}", anonymousId="till") == of_user(f"u{n}")

    nobody = shop.owner_of(anonymousId="till")
    assert nobody not in {of_user(f"u{n}") for n in range(4)}
    assert shop.owner_of(userId="u9", anonymousId="till") == of_user("u9")
    assert subscribes_at_the_till(shop) == profile_id("demo", "email", ADA)
    assert shop.owner_of(anonymousId="till") == nobody


def subscribes_at_the_till(shop: Shop) -> UUID:
    shop.says("identify", anonymousId="till", traits={"email": ADA})
    return shop.people.identities[Identifier("email", ADA)]


def test_what_is_said_with_every_event_is_not_noted_with_every_event() -> None:
    shop = Shop()
    shop.owner_of(userId="u1", anonymousId="tablet")
    shop.owner_of(userId="u2", anonymousId="tablet")
    noted = shop.people.sharing[Identifier("anonymous", "tablet")]
    shop.owner_of(userId="u2", anonymousId="tablet")

    assert shop.people.sharing[Identifier("anonymous", "tablet")] is noted


@pytest.mark.parametrize(
    "ids", [7, {}, [7], [{"type": 7}], [{"id": "x"}], [{"type": "x", "id": {}}]]
)
def test_odd_external_ids_are_as_if_not_said(ids: object) -> None:
    shop = Shop()

    assert shop.owner_of(userId="u1", context={"externalIds": ids}) == of_user("u1")


said = st.fixed_dictionaries(
    {},
    optional={
        "userId": st.sampled_from(["u", "v", "crm:1", "crm:2"]),
        "anonymousId": st.sampled_from("abc"),
    },
).filter(bool)
emails = st.sampled_from([None, "x@example.com", "y@example.com"])
RULES = Rules(registers=frozenset({"crm"}), devices=KindRule(at_most=2))


@given(st.lists(st.tuples(said, emails), max_size=25))
def test_nobody_ever_has_two_accounts_in_one_register(
    events: list[tuple[dict[str, Any], str | None]],
) -> None:
    shop = Shop(rules=RULES)
    for ids, email in events:
        shop.says("identify", traits={} if email is None else {"email": email}, **ids)

    people = shop.people
    accounts = [
        (people.owner(who), RULES.register(who)) for who in people.identities if who.kind == "user"
    ]
    assert len(set(accounts)) == len(accounts)
    assert {people.owner(who) for who in people.identities} <= living(shop)
    assert {people.root(profile) for profile in people.profiles} == living(shop)


def test_on_a_terminal_an_address_of_somebody_else_makes_nobody_that_person() -> None:
    shop = shop_with(
        kinds={"email": KindRule(), "card": KindRule(single=True)}, devices=KindRule(at_most=1)
    )
    for user in ("u1", "u2"):
        shop.says("identify", userId=user, anonymousId="till")

    def shows(card: str) -> UUID:
        before = set(shop.people.seen)
        context = external("card", card)
        shop.says("identify", anonymousId="till", traits={"email": ADA}, context=context)
        (event,) = set(shop.people.seen) - before
        return shop.people.seen[event].profile_id

    first = shows("1")

    assert shows("1") == first
    assert shows("2") != first
