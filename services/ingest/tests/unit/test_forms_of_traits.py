"""Normal forms: one way to write an address, a number, a country, a language, a birthday."""

from __future__ import annotations

import pytest

from ingest.domain.forms import birthday_of, country_of, locale_of, phone_of


@pytest.mark.parametrize(
    ("said", "region", "known"),
    [
        ("+49 (170) 123-4567", None, "+491701234567"),
        ("0049 170 1234567", "DE", "+491701234567"),
        ("0170 1234567", "DE", "+491701234567"),
        ("0170 1234567", None, None),
        ("079 123 45 67", "CH", "+41791234567"),
        ("tel:+43-664-1234567", None, "+436641234567"),
        ("12", "DE", None),
        ("call me", "DE", None),
        (491701234567, "DE", None),
    ],
)
def test_a_phone_number_is_e164(said: object, region: str | None, known: str | None) -> None:
    assert phone_of(said, region) == known


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("de", "DE"),
        ("DEU", "DE"),
        (" Deutschland ", "DE"),
        ("Austria", "AT"),
        ("UK", "GB"),
        ("Atlantis", None),
        ("d1", None),
        (7, None),
    ],
)
def test_a_country_has_two_letters(said: object, known: str | None) -> None:
    assert country_of(said) == known


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("de_DE", "de-DE"),
        ("DE-at", "de-AT"),
        ("zh_hant_tw", "zh-Hant-TW"),
        ("ger", "de"),
        ("Deutsch", "de"),
        ("German", "de"),
        ("klingon language", None),
        (7, None),
    ],
)
def test_a_language_is_a_tag(said: object, known: str | None) -> None:
    assert locale_of(said) == known


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("1990-05-03", "1990-05-03"),
        ("1990-05-03T00:00:00.000Z", "1990-05-03"),
        ("3.5.1990", "1990-05-03"),
        ("31.02.1990", None),
        ("05/03/1990", None),
        ("1890-01-01", None),
        (19900503, None),
    ],
)
def test_a_birthday_is_a_day(said: object, known: str | None) -> None:
    assert birthday_of(said) == known
