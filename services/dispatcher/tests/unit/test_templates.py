"""Templates: read strictly, rendered for one reader, and sent only if everything they use is there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts import Money
from common.contracts.actions import CartItem, Occurrence
from common.errors import PermanentError
from dispatcher.domain.locales import match_locale
from dispatcher.domain.templates import read_templates, render
from dispatcher.domain.templates.plaintext import text_of
from services.dispatcher.tests.making import (
    FILES,
    LINKS,
    RULES,
    delivery,
    recipient,
)

REMINDER = "templates/reminder.email.de.liquid"


def rendered(body: str, subject: str = "x", **changes: Any) -> str:
    """The HTML of a template with that body, or a TemplateError."""
    files = {REMINDER: f"---\nsubject: {subject!r}\n---\n{body}"}
    return render(read_templates(files), delivery(**changes), recipient(), RULES, LINKS).html


def test_the_reader_gets_the_cart_in_the_readers_language() -> None:
    mail = render(read_templates(FILES), delivery(), recipient(), RULES, LINKS)

    assert mail.subject == "Anna, dein Warenkorb wartet"
    assert mail.locale == "de"
    assert "2 × Rock &lt;rot&gt;: 29,90\xa0€" in mail.html
    assert "2 × Rock <rot>: 29,90 €" in mail.text
    assert f"Abmelden ({LINKS.unsubscribe})" in mail.text
    assert "Müller GmbH" in mail.text


def test_another_reader_gets_it_in_theirs() -> None:
    mail = render(
        read_templates(FILES), delivery(), recipient(locale="en_GB", first_name=None), RULES, LINKS
    )

    assert mail.subject == "Your cart at Müller & Söhne"
    assert "Hello there" in mail.html
    assert mail.locale == "en"


@pytest.mark.parametrize(
    ("wanted", "offered", "order", "found"),
    [
        ("de-AT", ["de", "en"], ["en"], "de"),
        ("de_AT", ["de-CH", "de-AT"], [], "de-AT"),
        ("de-AT", ["de-CH", "en"], ["en"], "de-CH"),
        ("fr", ["de", "en"], ["en", "de"], "en"),
        (None, ["de", "en"], ["en", "de"], "en"),
        ("fr", ["it"], ["en"], "it"),
        ("fr", [], ["en"], None),
    ],
)
def test_the_nearest_language_is_taken_else_the_shops_own(
    wanted: str | None, offered: list[str], order: list[str], found: str | None
) -> None:
    assert match_locale(wanted, offered, order) == found


@pytest.mark.parametrize(
    "body",
    [
        "{{ customer.nickname }}",
        "{{ customer.last_name }}",
        "{{ nobody.name }}",
        "{% if nobody.name %}x{% endif %}",
        "{{ brand.logo }}",
        "{{ cart.items[1].price | money }}",
        "{{ cart.items[0].name | money }}",
        "{{ 'now' | date }}",
        "{{ customer.first_name | times: 3 | money }}",
    ],
)
def test_a_mail_with_something_undefined_in_it_is_not_sent(body: str) -> None:
    with pytest.raises(PermanentError) as raised:
        rendered(body)

    assert raised.value.reason == "template_error"


@pytest.mark.parametrize(
    "body",
    [
        "{% for a in (1..1000) %}{% for b in (1..1000) %}x{% endfor %}{% endfor %}",
        "{% assign x = 'aaaaaaaaaa' %}{% for i in (1..40) %}{% assign x = x | append: x %}{% endfor %}",
        "{{ 'a' | ljust: 10 }}",
        "{% include 'journey.yaml' %}",
        "{{ '<script>' | safe }}",
    ],
)
def test_a_template_cannot_eat_the_machine_or_leave_its_file(body: str) -> None:
    with pytest.raises(PermanentError) as raised:
        rendered(body)

    assert raised.value.reason == "template_error"


def test_what_a_reader_may_lack_can_be_asked_for() -> None:
    html = rendered(
        "{% if customer.last_name %}NAME{% endif %}{{ customer.last_name | default: 'you' }}"
        "{% for item in cart.items %}{% if item.url %}LINK{% endif %}{% endfor %}"
    )

    assert "you" in html
    assert "NAME" not in html
    assert "LINK" not in html


ORDER = Occurrence(
    "Order Completed",
    datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
    {
        "order_id": "O-1 <b>",
        "total": 59.8,
        "currency": "EUR",
        "delivered_on": "2026-12-24",
        "products": [
            {"name": "Rock", "price": 29.9, "url": "https://shop.example/p1"},
            {"url": "javascript:alert(1)"},
        ],
    },
)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("{{ trigger.properties.order_id }}", "O-1 &lt;b&gt;"),
        ("{{ trigger.properties.total | money: trigger.properties.currency }}", "59,80\xa0€"),
        ("{{ trigger.occurred_at | date: 'd. MMMM' }}", "20. November"),
        ("{{ trigger.properties.delivered_on | date: 'long' }}", "24. Dezember 2026"),
        ("{{ trigger.properties.coupon | default: 'no coupon' }}", "no coupon"),
        ("{% unless trigger.properties.coupon %}none{% endunless %}", "none"),
        ("{{ vars.interest }}, {{ parameters.points }}", "shoes, 100"),
        (
            "{% for p in trigger.properties.products %}[{{ p.name | default: '?' }} {{ p.url | default: '-' }}]{% endfor %}",
            "[Rock https://shop.example/p1][? -]",
        ),
    ],
)
def test_a_mail_may_name_what_began_the_passage_and_what_it_found_out(body: str, text: str) -> None:
    html = rendered(
        body, trigger=ORDER, variables={"interest": "shoes"}, parameters={"points": 100}
    )

    assert text in html


@pytest.mark.parametrize(
    "body",
    [
        "{{ trigger.properties.coupon }}",
        "{{ vars.interest }}",
        "{{ parameters.points }}",
        "{{ trigger.name }}",
        "{{ trigger.properties.total | money: 'euro' }}",
        "{{ trigger.properties.order_id | date }}",
    ],
)
def test_what_a_passage_does_not_know_is_not_printed(body: str) -> None:
    with pytest.raises(PermanentError):
        rendered(body, trigger=ORDER if "|" in body else None)


def test_a_shop_cannot_put_a_script_into_a_link() -> None:
    item = CartItem(product_id="p", name="x", url="javascript:alert(1)", price=Money(1, "EUR"))

    html = rendered(
        "{% for i in cart.items %}{{ i.url | default: 'none' }}{% endfor %}", cart=(item,)
    )

    assert "javascript" not in html
    assert "none" in html


def test_a_name_cannot_break_out_of_the_subject() -> None:
    files = {REMINDER: '---\nsubject: "Hi {{ customer.first_name }}"\n---\nx'}
    odd = recipient(first_name="A\r\nBcc: b@example.com\u2028\x00")

    mail = render(read_templates(files), delivery(), odd, RULES, LINKS)

    assert mail.subject == "Hi A Bcc: b@example.com"


def test_an_advertisement_without_a_way_out_is_not_sent() -> None:
    with pytest.raises(PermanentError):
        rendered("<!doctype html><html><body>Buy!</body></html>")

    assert rendered("<!doctype html><html><body>Paid.</body></html>", purpose="transactional")
    assert rendered(
        '<!doctype html><html><body><a href="{{ links.unsubscribe }}">x</a></body></html>'
    )


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"templates/Reminder.liquid": "x"}, "expected templates/"),
        ({REMINDER: "no header"}, "header"),
        ({REMINDER: "---\nsubjekt: x\n---\n"}, "subject"),
        ({REMINDER: "---\nsubject: x\n---\n{% if %}"}, REMINDER),
        ({REMINDER: "---\nsubject: x\n---\n{{ a | nosuch }}"}, REMINDER),
        ({"templates/reminder.email.de.txt.liquid": "x"}, "beside"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_name(files: dict[str, str], told: str) -> None:
    with pytest.raises(PermanentError) as raised:
        render(read_templates(files), delivery(), recipient(), RULES, LINKS)

    assert told in raised.value.detail


def test_an_own_text_part_is_taken_as_it_is() -> None:
    files = {
        REMINDER: "---\nsubject: x\n---\n<p>HTML</p>",
        "templates/reminder.email.de.txt.liquid": "Nur Text & {{ links.unsubscribe }}",
    }

    mail = render(read_templates(files), delivery(), recipient(), RULES, LINKS)

    assert mail.text == f"Nur Text & {LINKS.unsubscribe}"


def test_a_message_without_a_template_is_an_error_of_its_own() -> None:
    with pytest.raises(PermanentError):
        render(read_templates({}), delivery(), recipient(), replace(RULES, locales=()), LINKS)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo\n"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b\n"),
        ('<a href="https://x.example">Shop</a>!', "Shop (https://x.example)!\n"),
        ('<a href="https://x.example">https://x.example</a>', "https://x.example\n"),
        ("<style>p {}</style><div style='display:none'>hidden<p>x</p></div>seen", "seen\n"),
        ('<img alt="A cat">', "A cat\n"),
        ("a<br>b &amp; c", "a\nb & c\n"),
    ],
)
def test_the_text_part_says_what_the_html_says(html: str, text: str) -> None:
    assert text_of(html) == text


@given(st.text(max_size=200))
def test_any_html_has_a_text(html: str) -> None:
    assert text_of(html).endswith("\n")
