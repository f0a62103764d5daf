"""The examples of docs/consent.md work as they stand there: from the request to the page behind the mail's link, and on."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from common.contracts.profiles import ActivityRecorded
from common.customer import Customer
from dispatcher.api.pages import Pages
from dispatcher.api.words import EN
from dispatcher.domain.templates import find_problems, read_templates
from ingest.domain.people import Profile, Statement, learn
from orchestrator.domain.journey import Journey
from orchestrator.domain.occasion import Occasion
from orchestrator.domain.playbook import parse_playbook

PAGE = Path("docs/consent.md").read_text("utf-8")
SECTION = PAGE.partition("## Double opt-in by a mail of ours")[2].partition("\n## ")[0]
AFTER = PAGE.partition("## Once it is confirmed")[2].partition("\n## ")[0]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
(JOURNEY,) = re.findall(r"```yaml\n(.*?)```", SECTION, re.DOTALL)
(TEMPLATE,) = re.findall(r"```liquid\n(.*?)```", SECTION, re.DOTALL)
FILES = {"journey.yaml": JOURNEY, "templates/ask.email.en.liquid": TEMPLATE}
(NEXT,) = re.findall(r"```yaml\n(.*?)```", AFTER, re.DOTALL)
HALF = Statement(
    channel="email",
    purpose="marketing",
    granted=False,
    basis="consent",
    stated_at=NOW,
    meant_at=NOW,
    proof_id=UUID(int=3),
    via="link",
)


def journey() -> Journey:
    return parse_playbook("welcome", "v1", FILES)


def said(**properties: str) -> Occasion:
    asked = ActivityRecorded(
        event_id=UUID(int=1),
        name="Consent Requested",
        source="shop",
        message_id="m1",
        occurred_at=NOW,
        received_at=NOW,
        profile_version=1,
        properties=dict(properties),
    )
    return Occasion(
        profile_id=UUID(int=2), customer=Customer(), now=NOW, cause=UUID(int=1), activity=asked
    )


def test_the_playbook_asks_whoever_signs_up_for_what_the_mail_confirms() -> None:
    assert journey().purpose == "transactional"
    assert journey().triggered_by(said(channel="email", purpose="marketing"))
    assert not journey().triggered_by(said(channel="email", purpose="profiling"))
    assert not journey().triggered_by(said(channel="sms", purpose="marketing"))


def pressed(channel: str) -> Occasion:
    """The button behind a mail's link, as ingest tells of it."""
    asked = replace(HALF, channel=channel, step="requested")
    confirmed = replace(HALF, channel=channel, step="confirmed", number=1)
    learned = learn(Profile(), at=NOW, statements=(asked, confirmed))
    (activity,) = learned.confirmed
    return Occasion(
        profile_id=UUID(int=2), customer=Customer(), now=NOW, cause=UUID(int=3), activity=activity
    )


def test_the_next_playbook_begins_when_the_button_is_pressed() -> None:
    files = {"journey.yaml": NEXT, "templates/hello.email.en.liquid": "---\nsubject: Hello\n---\nHello"}  # fmt: skip
    following = parse_playbook("first_letter", "v1", files)

    assert following.triggered_by(pressed("email"))
    assert not following.triggered_by(pressed("ads"))
    assert not following.triggered_by(said(channel="email", purpose="marketing"))


def test_the_template_can_be_published_and_has_the_link() -> None:
    assert find_problems(FILES) == []
    assert read_templates(FILES).confirms("ask", "email") == "email.marketing"
    assert ("ask", "email") in journey().messages


PAGES = Pages(EN, {})
ANSWERS = {
    "is good": PAGES.confirm("x"),
    "was cut off": PAGES.bad_link(),
    "is of a mail": PAGES.not_confirmed("gone"),
    "is too old": PAGES.not_confirmed("expired"),
    "has confirmed": PAGES.not_confirmed("confirmed"),
    "comes after": PAGES.not_confirmed("withdrawn"),
    "went to": PAGES.not_confirmed("moved"),
    "cannot be": PAGES.not_now(),
}
ROWS = re.findall(r"^\| (.+?) \| (\d{3}) \| (.+) \|$", SECTION, re.MULTILINE)


@pytest.mark.parametrize(("link", "status", "told"), ROWS)
def test_the_table_says_what_the_page_answers(link: str, status: str, told: str) -> None:
    (page,) = [answer for start, answer in ANSWERS.items() if link.startswith(start)]

    assert page.status_code == int(status)
    title, *after = re.findall(r'"(.+?)"', told)
    assert title in bytes(page.body).decode()
    assert all(text in bytes(PAGES.confirmed().body).decode() for text in after)


def test_the_table_is_whole() -> None:
    assert len(ROWS) == len(ANSWERS)
