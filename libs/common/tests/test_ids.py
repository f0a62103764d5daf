"""Derived ids are what RFC 9562 says of version 5, so that others can derive them too."""

from __future__ import annotations

import uuid
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ids import _NAMESPACE, accepted_event_id, accepted_event_ids, caused_id, derive, id_of


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=4))
def test_an_id_is_a_uuid5_over_length_prefixed_parts(parts: list[str]) -> None:
    text = "".join(f"{len(part)}:{part}" for part in parts)

    assert derive(*parts) == uuid.uuid5(_NAMESPACE, text)


def test_no_two_lists_of_parts_collide() -> None:
    assert derive("ab", "c") != derive("a", "bc")
    assert derive("a", "") != derive("a")


def test_an_accepted_event_keeps_its_id_for_ever() -> None:
    # Written down: a client that sends again after an upgrade must meet the same id.
    known = uuid.UUID("aa04f6e1-51aa-55f0-9175-a8d519b16364")

    assert accepted_event_id("demo", "shop", "m1") == known


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.integers(0, 10_000))
def test_the_quick_ways_give_the_same_ids(text: str, ordinal: int) -> None:
    cause = derive("cause", text)

    assert caused_id(cause, text, ordinal) == derive("caused", cause, text, ordinal)
    assert accepted_event_ids("demo", text)(text) == str(accepted_event_id("demo", text, text))


@given(st.uuids())
def test_an_id_is_read_from_its_text(known: UUID) -> None:
    assert id_of(str(known)) == known


@pytest.mark.parametrize("text", ["", "anna", "{0f1e2d3c-aaaa-5bbb-8ccc-0123456789ab}"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="UUID"):
        id_of(text)
