"""A place in a text is found again in the file, however YAML writes the text."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from common.documents import Value, parse_document

WRITTEN = {
    "plain": "when: a == b && §c",
    "plain over two lines": "when: a ==\n  b &&\n\n  §c",
    "in quotes": "x: 1\nwhen: 'it''s == ''b'' && §c'",
    "in quotes over two lines": "when: 'a ==\n    b &&   §c'",
    "in double quotes": r'when: "\"\u00e4\x41\t\" == b && §c"',
    "in double quotes over two lines": 'when: "a == \\\n   b &&\n   §c"',
    "literal": "when: |\n  a ==\n    b\n\n  && §c\n",
    "literal with a comment": "when: |2-  # why | so\n    a\n  && §c",
    "folded": "steps:\n  - when: >-\n      a ==\n      b\n\n      && §c\n    x: 1\n",
    "after other characters": "ä: ö𝄞\nwhen: {a: 'ü𝄞', b: [1, \"𝄞 == b && §c\"]}",
    "at the end": "when: 'a &&§'",
    "at the end of a literal": "when: |\n  a &&\n  b§\n",
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_a_place_in_a_text_is_found_in_the_file(written: str) -> None:
    index = written.index("§")
    source = written.replace("§", "")
    [value] = [one for one in texts(source) if "&&" in one.text()]
    text = value.text()
    before = text.index("c") if "c" in text else len(text.rstrip("\n"))
    line = text.count("\n", 0, before) + 1
    column = before - (text.rfind("\n", 0, before) + 1) + 1

    found = value.place_of(line, column)

    assert found == (source.count("\n", 0, index) + 1, index - source.rfind("\n", 0, index))


@given(
    st.text("aä𝄞 \"'\\&|>-#:{}[],\n\t", min_size=1, max_size=40),
    st.sampled_from(["'", '"', "|", ">", None]),
    st.data(),
)
def test_any_text_that_yaml_writes_has_its_places(
    text: str, style: str | None, data: st.DataObject
) -> None:
    source = yaml.dump({"when": text}, default_style=style, allow_unicode=True, width=12)
    [value] = texts(source)
    where = data.draw(st.integers(0, len(text) - 1))
    line = text.count("\n", 0, where) + 1
    column = where - text.rfind("\n", 0, where)

    found_line, found_column = value.place_of(line, column)

    rest = source.split("\n")[found_line - 1][found_column - 1 :]
    if text[where] not in " \n\t\\\"'":
        assert rest.startswith((text[where], "\\"))


def texts(source: str) -> list[Value]:
    """All keys and texts, in the order of the file."""
    found, left = [], [parse_document("x.yaml", source)]
    while left:
        value = left.pop()
        if value.is_mapping:
            left.extend(value.entries().values())
        elif value.is_list:
            left.extend(value.items())
        else:
            found.append(value)
    return sorted(found, key=lambda one: one.node.start_mark.index)
