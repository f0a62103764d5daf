"""Hand-written YAML is read with places, and errors name them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.documents import (
    DocumentError,
    Report,
    format_duration,
    parse_document,
    parse_duration,
)


def error_of(text: str) -> str:
    with pytest.raises(DocumentError) as caught:
        parse_document("a.yaml", text).fields(required=["name"], optional=["points"])
    return caught.value.detail


def test_an_unknown_key_is_named_with_its_place_and_the_nearest_known_one() -> None:
    assert error_of("name: x\npionts: 3\n") == (
        "a.yaml:2:1: unknown key `pionts`; did you mean `points`?"
    )


def test_all_unknown_keys_are_reported_together() -> None:
    assert error_of("name: x\nfoo: 3\nbar: 4\n").count("unknown key") == 2


def test_a_missing_key_and_a_double_key_are_errors() -> None:
    assert error_of("points: 3") == "a.yaml:1:1: `name` is missing"
    assert error_of("name: x\nname: y") == "a.yaml:2:1: `name` is here twice"


@pytest.mark.parametrize(
    "text",
    ["a: [1", "", "a: &x [1]\nb: *x", "&a [*a]", "a: !!python/object:os.system x\n? b", "\t-"],
)
def test_what_is_not_plain_yaml_is_refused_with_a_place(text: str) -> None:
    with pytest.raises(DocumentError, match=r"a\.yaml:\d+:\d+: "):
        parse_document("a.yaml", text).fields()


@pytest.mark.parametrize(
    "text", ["[" * 200_000, "- " * 100_000, "{a: " * 50_000, "[" * 900 + "]" * 900]
)
def test_nesting_without_end_is_refused(text: str) -> None:
    with pytest.raises(DocumentError, match=r"nested deeper than 40|not YAML"):
        parse_document("a.yaml", text)


@pytest.mark.parametrize("text", ["a: \x00", "a: \ud800", "x" * 300_000, "a: 'x", "%TAG ! x"])
def test_text_that_is_no_yaml_at_all_is_refused(text: str) -> None:
    with pytest.raises(DocumentError):
        parse_document("a.yaml", text)


def test_values_say_what_was_expected() -> None:
    value = parse_document("a.yaml", "[x, {}, 30 minutes, 1.5, yess]")
    items = value.items()

    for read, message in [
        (items[0].integer, "`x` is not a whole number"),
        (items[1].text, "expected text, found a mapping"),
        (items[2].duration, "not a duration"),
        (items[3].integer, "not a whole number"),
        (items[4].boolean, "neither true nor false"),
        (value.text, "expected text, found a list"),
    ]:
        with pytest.raises(DocumentError, match=message):
            read()


def test_a_report_collects_and_then_raises_in_the_order_of_the_file() -> None:
    items = parse_document("a.yaml", "[x, y]").items()
    report = Report()

    assert report.read(items[1].integer, 0) == 0
    assert report.read(items[0].integer, 0) == 0
    with pytest.raises(DocumentError) as caught:
        report.close()

    assert [finding.column for finding in caught.value.findings] == [2, 5]


def test_durations() -> None:
    assert parse_duration("1h30m") == timedelta(minutes=90)
    assert parse_duration("7d") == timedelta(days=7)
    for wrong in ("", "30", "m", "1 h", "-5s", "9999w"):
        with pytest.raises(ValueError, match=r"duration|longer"):
            parse_duration(wrong)


@given(st.integers(min_value=0, max_value=3650 * 86_400_000))
def test_a_formatted_duration_reads_back(millis: int) -> None:
    duration = timedelta(milliseconds=millis)

    assert parse_duration(format_duration(duration)) == duration
