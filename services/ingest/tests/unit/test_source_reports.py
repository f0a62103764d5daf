"""A source's report as readers elsewhere get it: bounded, and free of personal data."""

from __future__ import annotations

from datetime import timedelta

from ingest.domain.receptions import OTHERS, source_name
from ingest.domain.sources import MOST_LINES, Line, SourceReport, published
from services.ingest.tests.making import NOW


def test_the_rest_of_many_names_is_one_line() -> None:
    lines = {(f"n{n:03}", ""): Line(f"n{n:03}", "", 1, 1000 - n, NOW) for n in range(80)}
    source = SourceReport("demo", "shop", "server", NOW, {"accepted": lines})

    told = published(source, NOW).lines

    assert len(told) == MOST_LINES + 1
    assert (told[-1].what, told[-1].hour) == (OTHERS, 30)
    assert sum(line.day for line in told) == sum(line.day for line in lines.values())


def test_what_was_gathered_already_is_gathered_with_the_rest() -> None:
    lines = {(f"n{n:03}", ""): Line(f"n{n:03}", "", 1, 10, NOW) for n in range(80)}
    lines[OTHERS, ""] = Line(OTHERS, "", 5, 50, NOW - timedelta(minutes=1))
    source = SourceReport("demo", "shop", "server", NOW, {"accepted": lines})

    (others,) = (line for line in published(source, NOW).lines if line.what == OTHERS)

    assert (others.hour, others.last_at) == (5 + 31, NOW)


def test_a_foreign_producers_name_of_itself_is_told_without_addresses() -> None:
    assert source_name("till of ada@example.com") == "till of [removed]"
    assert source_name("shop-eu") == "shop-eu"
