"""What a site's consent banner allows: the workspace says what its categories mean."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from common.configuration.consent import ConsentPolicy
from ingest.domain.people import Rules
from services.ingest.tests.making import Shop

PAGE = Path("docs/consent.md").read_text("utf-8")


def example() -> ConsentPolicy:
    (text,) = re.findall(r"```yaml\n(consent:.*?)```", PAGE, re.DOTALL)
    return ConsentPolicy.model_validate(yaml.safe_load(text)["consent"])


def looks(shop: Shop, preferences: object) -> dict[str, bool]:
    context = {"consent": {"categoryPreferences": preferences}}
    shop.says("page", anonymousId="a1", context=context)
    return {f"{c.channel}.{c.purpose}": c.granted for c in shop.contact.consents}


def site() -> Shop:
    return Shop(rules=Rules(categories=example().categories))


def test_a_category_allows_what_the_workspace_says() -> None:
    assert looks(site(), {"Advertising": True, "Analytics": False, "Functional": True}) == {
        "ads.marketing": True,
        "ads.profiling": True,
        "email.profiling": False,
    }


def test_a_category_that_is_taken_back_is_withdrawn() -> None:
    shop = site()
    looks(shop, {"Advertising": True})

    assert looks(shop, {"Advertising": False}) == {"ads.marketing": False, "ads.profiling": False}


def test_what_is_said_with_every_event_is_in_the_ledger_once() -> None:
    shop = site()
    for _ in range(3):
        looks(shop, {"Analytics": True})

    (statement,) = shop.people.statements
    assert (statement.via, statement.source) == ("preferences", "shop")


@pytest.mark.parametrize("said", [None, [], "all", {"Advertising": "yes"}, {"advertising": True}])
def test_what_is_no_clear_preference_grants_nothing(said: object) -> None:
    assert looks(site(), said) == {}


def test_a_message_that_contradicts_itself_says_no() -> None:
    for banner in (True, False):
        shop = site()
        shop.identify(
            {"consents": {"ads.marketing": not banner}},
            context={"consent": {"categoryPreferences": {"Advertising": banner}}},
        )

        assert [c.granted for c in shop.contact.consents if c.purpose == "marketing"] == [False]
        assert [s.granted for s in shop.people.statements if s.purpose == "marketing"] == [False]


def test_without_a_word_of_the_workspace_a_banner_says_nothing() -> None:
    assert looks(Shop(), {"Advertising": True}) == {}


@pytest.mark.parametrize("keys", [["fax.marketing"], ["email"], "email.marketing"])
def test_a_category_that_allows_nothing_known_is_refused(keys: object) -> None:
    with pytest.raises(ValueError, match="categories"):
        ConsentPolicy.model_validate({"categories": {"Advertising": keys}})


@pytest.mark.parametrize("advertising", [True, False])
def test_a_banner_and_half_of_a_double_opt_in_are_both_heard(advertising: bool) -> None:
    shop = site()
    context = {"consent": {"categoryPreferences": {"Advertising": advertising}}}
    asked = {"channel": "ads", "purpose": "marketing"}
    for what in ("Requested", "Confirmed"):
        shop.says("track", userId="u1", event=f"Consent {what}", properties=asked, context=context)

    said = [s for s in shop.people.statements if s.key == "ads.marketing"]
    assert [s.step for s in said if s.via == "track"] == ["requested", "confirmed", None]
    assert {s.granted for s in said if s.via == "preferences"} == {advertising}
    (stands,) = [c for c in shop.contact.consents if c.purpose == "marketing"]
    assert (stands.granted, stands.basis) == (
        advertising,
        "double_opt_in" if advertising else "consent",
    )
