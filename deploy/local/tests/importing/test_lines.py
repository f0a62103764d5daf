"""A line that cannot be read is told with its number and its reason, and costs no other."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuestream.importing.lines import LONGEST, Bad, Row, csv_rows, json_lines

# What cells hold, without white space around it and without what no text file holds.
CELLS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8).map(str.strip)
TABLES = st.lists(st.tuples(CELLS.filter(bool), CELLS, CELLS), min_size=1, max_size=8)
BAD_LINES = [
    (b'"open, never closed,x', "unclosed_quote"),
    (b'a,"b"c,d', "not_csv"),
    (b"a,b", "wrong_columns"),
    (b"a,b,c,d", "wrong_columns"),
    (b"a,\xff,c", "not_utf8"),
    (b"x" * (LONGEST + 1), "too_long"),
]


def table(text: bytes, **renamed: str) -> list[Row | Bad]:
    return list(csv_rows(io.BytesIO(text), renamed))


def written(rows: list[tuple[str, str, str]]) -> bytes:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    return file.getvalue().encode()


@settings(deadline=None, max_examples=50)
@given(TABLES)
def test_what_a_table_holds_is_read(rows: list[tuple[str, str, str]]) -> None:
    read = table(b"a,b,c\n" + written(rows))

    wanted = [{k: v for k, v in zip("abc", row, strict=True) if v} for row in rows]
    assert read == [Row(number, values) for number, values in enumerate(wanted, 2)]


@settings(deadline=None, max_examples=50)
@given(before=TABLES, after=TABLES, bad=st.sampled_from(BAD_LINES))
def test_a_bad_row_never_costs_the_others(
    before: list[tuple[str, str, str]], after: list[tuple[str, str, str]], bad: tuple[bytes, str]
) -> None:
    line, reason = bad
    read = table(b"a,b,c\n" + written(before) + line + b"\n" + written(after))

    told = [one for one in read if isinstance(one, Bad)]
    assert [(one.line, one.reason) for one in told] == [(len(before) + 2, reason)]
    assert [one.line for one in read] == list(range(2, len(before) + len(after) + 3))


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_the_first_line_tells_what_stands_between_cells(mark: str) -> None:
    text = mark.join(["id", "name"]) + "\n" + mark.join(["1", "Mug"]) + "\n"

    assert table(text.encode()) == [Row(2, {"id": "1", "name": "Mug"})]


def test_a_text_in_quotes_may_run_over_lines() -> None:
    assert table(b'a,b\n"one\ntwo",x\nthree,y\n') == [
        Row(2, {"a": "one\ntwo", "b": "x"}),
        Row(4, {"a": "three", "b": "y"}),
    ]


def test_a_column_may_have_another_name_and_a_file_a_mark_at_its_begin() -> None:
    text = b"\xef\xbb\xbfKundennummer,x\n7,1\n\n8,2"

    assert table(text, Kundennummer="user_id") == [
        Row(2, {"user_id": "7", "x": "1"}),
        Row(4, {"user_id": "8", "x": "2"}),
    ]


def test_an_empty_table_has_no_rows() -> None:
    assert table(b"") == []
    assert table(b"a,b\n") == []


@pytest.mark.parametrize("bad", [b"{", b"[]", b"7", b"\xff", b"[" * 100_000, b'{"a":NaN}'])
def test_a_line_that_is_no_object_never_costs_the_others(bad: bytes) -> None:
    read = list(json_lines(io.BytesIO(b'{"a":1}\n' + bad + b'\n\n{"a":2}')))

    assert [read[0], read[2]] == [Row(1, {"a": 1}), Row(4, {"a": 2})]
    assert isinstance(read[1], Bad)
    assert (read[1].line, read[1].reason) == (2, "not_json")
