"""A mail that asks for consent: its template says for which, and only its link can confirm that."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from common.errors import PermanentError
from dispatcher.domain.links import links_of
from dispatcher.domain.templates import find_problems, read_templates, render
from dispatcher.domain.tokens import ConfirmToken, verify_confirmation
from services.dispatcher.tests.making import ANNA, FILES, HOUR, NOW, RULES, delivery, recipient

ASK, ENGLISH = "templates/ask.email.de.liquid", "templates/ask.email.en.liquid"
SECRETS = [b"a-secret-of-the-tests"]
HEADER = "---\nsubject: x\nconfirms: email.marketing\n---\n"


def asked(triggered_at: datetime | None = None) -> ConfirmToken:
    """By the link that stands in the mail."""
    mail = delivery(message="ask", purpose="transactional", triggered_at=triggered_at)
    templates = read_templates(FILES)
    links = links_of(
        mail,
        "ab" * 16,
        rules=RULES,
        templates=templates,
        public_url="https://mail.example.org",
        secrets=SECRETS,
    )
    assert links.confirm is not None
    assert links.confirm.startswith("https://mail.example.org/c/")
    written = render(templates, mail, recipient(), RULES, links)
    assert links.confirm in written.html
    assert links.confirm in written.text
    return verify_confirmation(links.confirm.rsplit("/", 1)[1], SECRETS)


def test_the_link_asks_for_what_was_requested_when_the_passage_was_triggered() -> None:
    token = asked(triggered_at=NOW - HOUR)

    assert (token.workspace, token.profile_id, token.key) == ("demo", ANNA, "email.marketing")
    assert token.address_hash.hex() == "ab" * 16
    assert (token.asked_at, token.expires_at) == (NOW - HOUR, NOW - HOUR + timedelta(days=7))


def test_where_nobody_noted_the_trigger_the_link_asks_as_of_the_request_of_the_mail() -> None:
    assert asked().asked_at == delivery().accepted_at


def test_a_mail_that_asks_nothing_has_no_such_link() -> None:
    links = links_of(
        delivery(),
        "ab" * 16,
        rules=RULES,
        templates=read_templates(FILES),
        public_url="https://mail.example.org",
        secrets=SECRETS,
    )

    assert links.confirm is None


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({ASK: HEADER + "<p>Yes?</p>"}, "no links.confirm"),
        ({ASK: "---\nsubject: x\n---\n{{ links.confirm }}"}, "no `confirms:` above"),
        ({ASK: HEADER.replace("email.", "sms.") + "{{ links.confirm }}"}, "confirms is one of"),
        ({ASK: HEADER.replace("marketing", "all") + "{{ links.confirm }}"}, "confirms is one of"),
        (
            {
                ASK: HEADER + "{{ links.confirm }}",
                ENGLISH: HEADER.replace("marketing", "profiling") + "{{ links.confirm }}",
            },
            "something else than in another locale",
        ),
        (
            {
                ASK: HEADER + "{{ links.confirm }}",
                ASK.replace(".liquid", ".txt.liquid"): "Yes?",
            },
            "no links.confirm",
        ),
    ],
)
def test_a_template_that_could_not_ask_is_found_before_it_is_published(
    files: dict[str, str], told: str
) -> None:
    (problem,) = find_problems(files)

    assert told in problem.detail
    with pytest.raises(PermanentError):
        read_templates(files)


def test_a_mail_whose_condition_hides_the_link_is_not_sent() -> None:
    files = FILES | {ASK: HEADER + "{% if customer.last_name %}{{ links.confirm }}{% endif %}"}
    mail = delivery(message="ask", purpose="transactional")
    templates = read_templates(files)
    links = links_of(
        mail, "ab" * 16, rules=RULES, templates=templates, public_url="https://x", secrets=SECRETS
    )

    with pytest.raises(PermanentError, match=r"no links\.confirm"):
        render(templates, mail, recipient(), RULES, links)
