"""One value per trait: chosen by rule, with where it came from and what lost, whatever the order of arrival."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from common.configuration.workspace import Brand, Source, Workspace
from common.contracts.profiles import TraitsChanged
from ingest.consumer import rules_of
from ingest.domain.people import FieldRule, Golden, Held, Profile, Rules
from services.ingest.tests.making import NOW, Shop

PAGE = Path("docs/golden-record.md").read_text("utf-8")
HOUR = timedelta(hours=1)


def said(value: str | None, hours: int, source: str = "shop", *, hint: bool = False) -> Held:
    return Held(value, NOW + hours * HOUR, source, hint)


def golden(rule: FieldRule, *values: Held) -> Golden:
    record = Golden()
    for held in values:
        record = record.after({"email": held}, {"email": rule})
    return record


def stands(rule: FieldRule, *values: Held) -> str | None:
    return golden(rule, *values).stands["email"].value


def test_the_newest_value_stands_and_the_other_sources_value_is_kept() -> None:
    record = golden(FieldRule(), said("old", 0), said("shop", 1), said("crm", 2, "crm"))

    assert record.stands["email"] == said("crm", 2, "crm")
    assert record.lost["email"] == (said("shop", 1),)


def test_the_source_that_counts_most_stands_whatever_comes_later() -> None:
    rule = FieldRule("priority", ("crm", "shop"))

    assert stands(rule, said("crm", 0, "crm"), said("shop", 5), said("web", 9, "web")) == "crm"
    assert stands(rule, said("shop", 5), said("web", 9, "web")) == "shop"
    assert stands(rule, said("web", 9, "web"), said("app", 8, "app")) == "web"


def test_what_is_never_emptied_survives_being_taken_back() -> None:
    assert stands(FieldRule(), said("a", 0), said(None, 1)) is None
    assert stands(FieldRule("never_emptied"), said("a", 0), said(None, 1)) == "a"
    assert stands(FieldRule("never_emptied"), said("a", 0), said(None, 1), said("b", 2)) == "b"


def test_of_two_birthdays_the_younger_age_stands() -> None:
    rule = FieldRule("most_restrictive")

    assert stands(rule, said("2012-01-01", 0), said("1980-01-01", 1, "crm")) == "2012-01-01"


def test_a_suggestion_stands_only_while_nobody_has_said_anything() -> None:
    hint = said("de", 5, "web", hint=True)

    assert stands(FieldRule(), hint) == "de"
    assert stands(FieldRule(), hint, said("en", 0)) == "en"


def test_the_sources_name_is_noted_with_what_an_event_says() -> None:
    shop = Shop()
    shop.identify({"email": "Ada@example.com", "birthday": "3.5.1990"})
    (profile,) = shop.people.profiles.values()

    assert profile.record["email"].source == "shop"
    assert profile.record["birthday"].value == "1990-05-03"
    assert "1990" not in str(shop.told)


def test_a_rule_of_the_workspace_counts_for_what_events_say() -> None:
    for rule, phone in ((FieldRule(), None), (FieldRule("never_emptied"), "+491701234567")):
        shop = Shop(rules=Rules(golden={"phone": rule}))
        shop.identify({"phone": "+49 170 1234567"})
        shop.identify({"phone": None})

        assert shop.contact.phone == phone


def test_a_record_from_before_sources_were_noted_can_be_read() -> None:
    old = b'{"version":3,"claimed":true,"record":{"email":{"value":"a@b.de","at":"2026-03-01T12:00:00Z"}}}'
    profile = msgspec.json.decode(old, type=Profile)
    after = profile.golden.after({"email": said("c@d.de", 1)}, {})

    assert profile.known_in == {"user"}
    assert after.stands["email"].value == "c@d.de"
    assert after.lost["email"] == (Held("a@b.de", NOW),)


values = st.builds(
    said,
    st.sampled_from([None, "x", "y"]),
    st.integers(0, 3),
    st.sampled_from(["shop", "crm", "web"]),
    hint=st.booleans(),
)
rules = st.sampled_from(
    [
        FieldRule(),
        FieldRule("priority", ("crm", "shop")),
        FieldRule("never_emptied"),
        FieldRule("most_restrictive"),
    ]
)


@given(
    rules,
    st.lists(values, min_size=1, max_size=6).flatmap(
        lambda v: st.tuples(st.just(v), st.permutations(v + v))
    ),
)
def test_neither_order_nor_repetition_matters(
    rule: FieldRule, said_twice: tuple[list[Held], list[Held]]
) -> None:
    once, shuffled = said_twice

    assert golden(rule, *once) == golden(rule, *shuffled)


def workspace(section: object) -> Workspace:
    return Workspace(
        name="demo",
        sources={
            name: Source(kind="server", key_sha256=(f"{number:064}",))
            for number, name in enumerate(("crm", "shop"))
        },
        brand=Brand(name="Shop", url="https://s.example", imprint="Shop"),
        locales=("de",),
        golden_record=section,
    )


def test_the_pages_example_becomes_the_folds_rules() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

    assert rules_of(workspace(yaml.safe_load(text)["golden_record"])).golden == {
        "email": FieldRule("never_emptied"),
        "phone": FieldRule("priority", ("crm", "shop")),
        "birthday": FieldRule("most_restrictive"),
    }


@pytest.mark.parametrize(
    "section",
    [
        {"email": "oldest"},
        {"shoe_size": "newest"},
        {"email": "priority"},
        {"email": {"priority": ["nobody"]}},
        {"email": {"priority": ["crm", "crm"]}},
        {"email": "most_restrictive"},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(section: object) -> None:
    with pytest.raises(ValueError, match="golden_record"):
        workspace(section)


def test_others_are_told_the_birthday_without_the_year() -> None:
    shop = Shop()
    shop.identify({"email": "anna@example.com"})
    [told] = [
        one for one in shop.identify({"birthday": "1988-02-29"}) if isinstance(one, TraitsChanged)
    ]

    assert told.birthday == "02-29"
    assert shop.identify({"birthday": "29.02.1988"}) == []
