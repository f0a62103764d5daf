"""Companies that people buy for: who belongs to them, and who looks after them on our side."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from common.consuming import Record
from ingest.domain.people import Account, Rules, joined
from ingest.domain.people.accounts import MOST_MEMBERSHIPS, Memberships, united_memberships
from services.ingest.tests.making import NOW, Shop, accepted, activities

HOUR = timedelta(hours=1)


def group(shop: Shop, traits: dict[str, Any], *, user: str = "u1", **more: Any) -> list[Any]:
    return shop.says("group", userId=user, groupId="acme", traits=traits, **more)


def acme(shop: Shop) -> dict[str, str | None]:
    return {name: held.value for name, held in shop.people.accounts["acme"].golden.stands.items()}


def test_a_group_call_says_where_somebody_belongs_and_what_that_is() -> None:
    shop = Shop()
    rita = {"name": "Rita Rep", "email": "Rita@shop.example", "phone": "+49 170 1234567"}
    group(shop, {"name": "ACME  GmbH", "country": "Germany", "salesRepresentative": rita})

    (profile,) = shop.people.profiles.values()
    assert list(profile.accounts) == ["acme"]
    assert acme(shop) == {
        "name": "ACME GmbH",
        "country": "DE",
        "representative_name": "Rita Rep",
        "representative_email": "rita@shop.example",
        "representative_phone": "+491701234567",
    }
    assert shop.people.accounts["acme"].golden.stands["name"].source == "shop"


@pytest.mark.parametrize(
    ("said", "name", "email"),
    [
        ("rita@shop.example", None, "rita@shop.example"),
        ("Rita Rep", "Rita Rep", None),
        ({"name": "Rita"}, "Rita", None),
        (None, None, None),
        (["Rita"], None, None),
    ],
)
def test_a_representative_may_be_an_address_or_a_name(
    said: object, name: str | None, email: str | None
) -> None:
    shop = Shop()
    group(shop, {"owner": {"name": "Old", "email": "old@shop.example"}})
    group(shop, {"owner": said})

    found = acme(shop)
    assert (found["representative_name"], found["representative_email"]) == (name, email)


def test_colleagues_share_what_is_known_of_their_company() -> None:
    shop = Shop()
    group(shop, {"name": "ACME"})
    group(shop, {"industry": "Anvils"}, user="u2")

    assert acme(shop) == {"name": "ACME", "industry": "Anvils"}


def test_of_a_company_too_what_was_said_last_stands_whenever_it_comes() -> None:
    shop = Shop()
    group(shop, {"name": "New"})
    group(shop, {"name": "Old"}, meant_before=HOUR)

    assert acme(shop)["name"] == "New"


def said_by(source: str, traits: dict[str, Any], *, at: datetime) -> Record:
    message = {"type": "group", "userId": "u1", "groupId": "acme", "traits": traits}
    return accepted(message, sent_by=source, received_at=at, message_id=f"{source} {at}")


@pytest.mark.parametrize("page_first", [True, False])
def test_a_page_never_outweighs_what_another_source_says_of_a_company(page_first: bool) -> None:
    shop = Shop(rules=Rules(unproven=frozenset({"page"})))
    known = {"name": "ACME", "owner": "rita@shop.example"}
    claimed = {"name": "Evil", "industry": "Anvils", "owner": "mallory@evil.example"}
    said = [
        said_by("crm", known, at=NOW),
        said_by("page", claimed, at=NOW + HOUR),
    ]
    for record in reversed(said) if page_first else said:
        shop.folds(record)

    assert acme(shop) == {
        "name": "ACME",
        "industry": "Anvils",
        "representative_name": None,
        "representative_email": "rita@shop.example",
        "representative_phone": None,
    }


def test_who_looks_after_a_company_no_page_says_even_where_nobody_else_does() -> None:
    shop = Shop(rules=Rules(unproven=frozenset({"page"})))
    shop.folds(said_by("page", {"owner": "mallory@evil.example"}, at=NOW))

    (profile,) = shop.people.profiles.values()
    assert acme(shop) == {}
    assert list(profile.accounts) == ["acme"]


def test_a_workspace_may_believe_its_pages_of_companies_too() -> None:
    shop = Shop(rules=Rules())
    shop.folds(said_by("crm", {"owner": "old@shop.example"}, at=NOW))
    shop.folds(said_by("page", {"owner": "new@shop.example"}, at=NOW + HOUR))

    assert acme(shop)["representative_email"] == "new@shop.example"


def test_who_becomes_one_belongs_where_either_did() -> None:
    shop = Shop()
    group(shop, {})
    shop.says("group", anonymousId="a1", groupId="initech")
    shop.says("identify", userId="u1", anonymousId="a1")

    (profile,) = (p for p in shop.people.profiles.values() if p.merged_into is None)
    assert list(profile.accounts) == ["acme", "initech"]


def test_of_a_representative_nothing_is_told() -> None:
    shop = Shop()
    told = group(shop, {"owner": {"name": "Rita Rep", "email": "rita@shop.example"}})

    assert [activity.name for activity in activities(told)] == ["Group Joined"]
    assert "rita" not in str(told).lower()


@pytest.mark.parametrize("group_id", [None, "", {}, "a\0b"])
def test_a_group_without_an_id_is_only_an_activity(group_id: object) -> None:
    shop = Shop()
    told = shop.says("group", userId="u1", groupId=group_id, traits={"name": "ACME"})

    assert len(activities(told)) == 1
    assert shop.people.accounts == {}


def test_a_row_that_was_only_placed_is_a_company_of_which_nothing_is_known() -> None:
    assert msgspec.json.decode(b"{}", type=Account) == Account()


def test_of_memberships_without_number_the_newest_are_kept_in_whatever_order_they_are_said() -> (
    None
):
    said = [(f"a{number}", NOW + timedelta(seconds=number)) for number in range(150)]
    forwards: Memberships = {}
    backwards: Memberships = {}
    for account_id, at in said:
        forwards = joined(forwards, account_id, at)
    for account_id, at in reversed(said):
        backwards = joined(backwards, account_id, at)

    assert forwards == backwards == dict(said[-MOST_MEMBERSHIPS:])
    assert united_memberships(dict(said[:100]), dict(said[50:])) == forwards
