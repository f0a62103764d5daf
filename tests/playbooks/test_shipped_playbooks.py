"""The playbooks, workspaces and models that come with the product work as they are."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

import pytest
import yaml
from typing_extensions import override

from common.configuration import Content, Release, load_directory, load_playbooks, workspace_of
from common.contracts import Money
from common.contracts.actions import ActionRequested, CartItem, Occurrence
from common.contracts.profiles import ContactChanged
from common.documents import parse_duration
from dispatcher.domain.delivery import Delivery
from dispatcher.domain.recipient import Recipient
from dispatcher.domain.rules import Rules, Sender
from dispatcher.domain.templates import Links, Rendered, find_problems, read_templates, render
from orchestrator.api.publication.checks import check
from orchestrator.domain.playbook import parse_playbook
from scoring.domain.lead_model import parse_lead_model

ROOT = Path(__file__).parents[2]
RELEASES = [Release(name, 1, contents) for name, contents in load_directory(ROOT).items()]
SHIPPED = load_playbooks(ROOT)
PLAYBOOKS = [content for content, _ in SHIPPED.values()]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LINKS = Links("https://go.example/u/1", "https://go.example/p/1", "https://go.example/v/1")
COLOURS = {
    "colour": "#123456",
    "text_colour": "#ffffff",
    "background": "#eeeeee",
    "imprint": "Fjord GmbH\nHafen 1\n",
}
CART = (
    CartItem(
        product_id="P-100",
        name="Pullover <Fjord> & Söhne",
        quantity=2,
        price=Money(123450, "EUR"),
        url="https://shop.example/p?a=1&b=2",
        picture="https://shop.example/i.jpg",
    ),
    CartItem(product_id="P-300"),
)


TRIGGER = Occurrence(
    "Order Completed",
    NOW,
    {
        "order_id": "O-1 <x>",
        "total": 1234.5,
        "currency": "EUR",
        "products": [{"name": "Pullover <Fjord>", "price": 1234.5, "quantity": 2}, {"sku": "S"}],
        "title": "Abend <am Hafen>",
        "starts_at": "2026-03-23T18:00:00+01:00",
    },
)


releases = pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.workspace)


@releases
def test_a_workspace_compiles_with_its_playbooks_and_model(release: Release) -> None:
    workspace = workspace_of(release)
    for playbook in release.all("playbook"):
        overrides = workspace.parameters.get(playbook.name, {})
        journey = parse_playbook(playbook.name, playbook.hash, playbook.files, overrides)
        assert journey.steps
    model = release.one("lead_model")
    assert model is not None
    assert parse_lead_model(model.files, model.hash).thresholds


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_playbook_may_be_published(name: str) -> None:
    content, release = SHIPPED[name]
    others = [one for one in release.contents if one.kind != "playbook"]

    assert check(release.workspace, [*others, content]) == []
    assert find_problems(content.files) == []


@releases
def test_text_on_the_brands_colour_can_be_read(release: Release) -> None:
    brand = workspace_of(release).brand

    assert contrast(brand.colour, brand.text_colour) >= 4.5
    assert contrast(brand.background, "#595c5a") >= 4.5


class Page(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def rendered(playbook: Content, key: tuple[str, str], locale: str, name: str | None) -> Rendered:
    request = ActionRequested(
        delivery_id=UUID(int=1),
        decision_id=UUID(int=2),
        enrollment_id=UUID(int=3),
        playbook=playbook.name,
        version=playbook.hash,
        message=key[0],
        channel=key[1],
        purpose="marketing" if is_marketing(playbook) else "transactional",
        expires_at=NOW,
        cart=CART,
        trigger=TRIGGER,
        variables={"interest": "Pullover <Fjord>"},
        parameters=dict(parse_playbook(playbook.name, playbook.hash, playbook.files).printed),
    )
    delivery = Delivery(
        partition=0,
        workspace="demo",
        profile_id=UUID(int=4),
        request=request,
        cause=UUID(int=5),
        correlation=UUID(int=5),
        accepted_at=NOW,
    )
    contact = ContactChanged(profile_version=1, first_name=name, locale=locale)
    recipient = Recipient(workspace="demo", version=1, contact=contact)
    rules = Rules(
        workspace="demo",
        locales=("de", "en"),
        sender=Sender("shop@shop.example"),
        mode="sink",
        brand={"name": "Fjord & Co", "url": "https://shop.example/", **COLOURS},
    )
    templates = read_templates(playbook.files)
    confirm = "https://go.example/c/1" if templates.confirms(*key) else None
    return render(templates, delivery, recipient, rules, replace(LINKS, confirm=confirm))


def is_marketing(playbook: Content) -> bool:
    return parse_playbook(playbook.name, playbook.hash, playbook.files).purpose == "marketing"


@dataclass(frozen=True)
class Sent:
    """One mail, and to whom it went."""

    playbook: str
    where: str
    locale: str
    marketing: bool
    name: str | None
    mail: Rendered


def every_mail() -> Iterator[Sent]:
    """All templates of all playbooks in all their languages, to somebody with and without a name."""
    for playbook in PLAYBOOKS:
        for key, by_locale in read_templates(playbook.files).by_message.items():
            if key[1] != "email":
                continue
            for locale in by_locale:
                for name in ("Zoë <b>", None):
                    where = f"{playbook.name}/{'.'.join(key)}.{locale}"
                    mail = rendered(playbook, key, locale, name)
                    yield Sent(playbook.name, where, locale, is_marketing(playbook), name, mail)


MAILS = list(every_mail())
mails = pytest.mark.parametrize("sent", MAILS, ids=[mail.where for mail in MAILS])


@pytest.mark.parametrize(
    "sent",
    [mail for mail in MAILS if mail.where.startswith("cart_abandonment/reminder")],
    ids=lambda sent: sent.where,
)
def test_a_mail_shows_the_products_with_quantity_and_price(sent: Sent) -> None:
    locale, mail = sent.locale, sent.mail
    price = {"de": "1.234,50\xa0€", "en": "€1,234.50"}[locale]
    for content in (html.unescape(mail.html), mail.text):
        assert "Pullover <Fjord> & Söhne" in content
        assert price in content
        assert "P-300" in content
    assert "https://shop.example/p?a=1&amp;b=2" in mail.html
    assert "https://shop.example/i.jpg" in mail.html
    assert "Pullover <Fjord>" not in mail.html


@mails
def test_a_mail_has_every_way_out_and_the_imprint(sent: Sent) -> None:
    mail = sent.mail
    links = {link.get("href") for link in Page(mail.html).all("a")}
    ways = {LINKS.preferences, LINKS.view} | ({LINKS.unsubscribe} if sent.marketing else set())

    assert {*ways, "https://shop.example/"} <= links
    assert all(address in mail.text for address in ways)
    assert "Fjord GmbH<br" in mail.html
    assert "Fjord GmbH\nHafen 1" in mail.text


@mails
def test_a_mail_can_be_read_by_everybody(sent: Sent) -> None:
    mail = sent.mail
    page = Page(mail.html)

    assert page.all("html")[0]["lang"] == sent.locale
    assert all("alt" in image for image in page.all("img"))
    assert all(table.get("role") == "presentation" for table in page.all("table"))
    assert len(page.all("h1")) == 1
    assert "width=device-width" in mail.html
    assert not page.all("script")
    assert len(mail.html.encode()) < 100_000, "some mailboxes cut longer mails"
    assert "\n" not in mail.subject


@mails
def test_a_mail_addresses_by_name_only_whom_it_knows(sent: Sent) -> None:
    mail, named = sent.mail, sent.name is not None
    greeting = {"de": "Hallo", "en": "Hello"}[sent.locale]

    assert (f"{greeting} Zoë &lt;b&gt;," in mail.html) == named
    assert (f"{greeting}," in mail.html) != named
    assert "None" not in mail.html + mail.text


def examples() -> list[Path]:
    return sorted((ROOT / "playbooks").glob("*/examples/*.yaml"))


@pytest.mark.parametrize("path", examples(), ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_an_example_is_a_story_in_order_that_names_known_messages(path: Path) -> None:
    story = yaml.safe_load(path.read_text(encoding="utf-8"))
    moments = [parse_duration(event["at"]) for event in story["events"]]
    known = {file.name.split(".")[0] for file in (path.parents[1] / "templates").iterdir()}

    assert story.keys() == {"description", "events", "expect"}
    assert moments == sorted(moments)
    assert {event["type"] for event in story["events"]} <= {"identify", "track", "page"}
    assert {expected["message"] for expected in story["expect"]} <= known


def contrast(one: str, other: str) -> float:
    """WCAG 2: from 1 (the same) to 21 (black on white)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
