"""The properties that conditions know are those that may travel, in the forms in which they travel."""

from __future__ import annotations

from common.conditions import BOOL, NUMBER, STRING, ListOf, ObjectOf, Type
from common.customer.activities import PERSONAL, PROPERTIES
from ingest.domain.segment import properties

FORMS: dict[str, Type] = {
    "_identifier": STRING,
    "_text": STRING,
    "_number": NUMBER,
    "_flag": BOOL,
    "_texts": ListOf(STRING),
}


def test_conditions_know_the_vocabulary() -> None:
    assert PROPERTIES.keys() == properties.ALLOWED.keys()
    for name, form in properties.ALLOWED.items():
        declared = PROPERTIES[name]
        assert declared.nullable, name
        if form.__name__ == "items":
            assert isinstance(declared.type, ListOf)
            assert isinstance(declared.type.element, ObjectOf)
        else:
            assert declared.type == FORMS[form.__name__], name


def test_both_sides_call_personal_properties_alike() -> None:
    assert PERSONAL == properties.PERSONAL
