"""What a template gets wrong is said before anything is published, with the file and the line."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial

import httpx
import pytest

from dispatcher.api import Edge, build
from dispatcher.domain.recipient import address_hash
from dispatcher.domain.templates import find_problems, read_templates, render
from dispatcher.domain.templates.vocabulary import VALUES
from services.dispatcher.tests.fakes import FakeAppender, FakeArchive, FakeRulebook
from services.dispatcher.tests.making import FILES, LINKS, NOW, RULES, delivery, recipient

REMINDER = "templates/reminder.email.de.liquid"
SPELLED_WRONG = "---\nsubject: x\n---\n<p>\n{{ customer.frist_name }}</p>\n"
KEY = {"Authorization": "Bearer open sesame"}


def problems(body: str) -> list[str]:
    return [p.detail for p in find_problems({REMINDER: f"---\nsubject: x\n---\n{body}"})]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("{{ cart.items | price }}", ":4: there is no filter `price`"),
        ("\n\n{% if false %}{{ order.id }}{% endif %}", ":6: there is no `order`"),
        ("{{ links.unsubscribed }}", ":4: there is no `links.unsubscribed`"),
        ("{% include 'x' %}", ":4: unexpected tag 'include'"),
        ("{% if cart.items %}", ": expected tag endif, found end of expression"),
    ],
)
def test_a_word_that_would_fail_when_sending_is_found_wherever_it_stands(
    body: str, problem: str
) -> None:
    assert problems(body) == [REMINDER + problem]


def test_what_a_workspace_may_add_and_what_a_template_makes_itself_is_no_problem() -> None:
    body = "{% assign total = cart.items.size %}{{ total }}{{ brand.slogan }}{% for i in cart.items %}{{ i.name }}{% endfor %}"

    assert problems(body) == []


def test_every_file_is_told_once() -> None:
    found = find_problems(
        {
            REMINDER: SPELLED_WRONG,
            "templates/reminder.email.en.liquid": "no header",
            "templates/reminder.email.en.txt.liquid": "{{ nothing }}",
            "templates/other.email.en.txt.liquid": "alone",
            "journey.yaml": "{{",
        }
    )

    assert len(found) == 3


@pytest.mark.parametrize(
    "word", [f"{name}.{word}" for name, words in VALUES.items() for word in words or {"name"}]
)
def test_every_word_of_the_vocabulary_is_given_to_every_rendering(word: str) -> None:
    above = "confirms: email.marketing\n" if word == "links.confirm" else ""
    files = {REMINDER: f"---\nsubject: x\n{above}---\n{{{{ {word} | default: '-' }}}}"}

    assert render(read_templates(files), delivery(), recipient(last_name="B"), RULES, LINKS).html


async def ask(files: Mapping[str, str]) -> httpx.Response:
    edge = Edge(
        withdrawals=FakeAppender(),
        commands=FakeAppender(),
        accepted=FakeAppender(),
        archive=FakeArchive(),
        rulebook=FakeRulebook(),
        clock=lambda: NOW,
        secrets=[b"new-secret-new-secret"],
        admin_key_sha256=hashlib.sha256(b"open sesame").hexdigest(),
        public_url="https://mail.example.org",
        hashed=partial(address_hash, b"pepper"),
    )
    body = {"playbooks": [{"name": "cart", "files": dict(files)}]}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(build(edge)), base_url="https://mail.example.org"
    ) as client:
        return await client.post("/v1/templates/check", json=body, headers=KEY)


async def test_the_api_tells_the_problems_as_apply_shows_them() -> None:
    good, wrong = await ask(FILES), await ask({REMINDER: SPELLED_WRONG})

    assert (good.status_code, wrong.status_code) == (200, 422)
    assert wrong.json()["problems"] == [
        {
            "file": f"playbooks/cart/{REMINDER}",
            "line": 5,
            "column": 1,
            "message": "there is no `customer.frist_name`",
        }
    ]
