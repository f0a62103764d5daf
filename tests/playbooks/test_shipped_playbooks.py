"""The playbooks, workspaces and models that come with the product work as they are."""

from __future__ import annotations

import html
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

import pytest
import yaml
from typing_extensions import override

from common.configuration import Content, Release, load_directory, workspace_of
from common.contracts import Money
from common.contracts.actions import ActionRequested, CartItem
from common.contracts.profiles import ContactChanged
from common.documents import parse_duration
from dispatcher.domain.delivery import Delivery
from dispatcher.domain.recipient import Recipient
from dispatcher.domain.rules import Rules, Sender
from dispatcher.domain.templates import Links, Rendered, read_templates, render
from orchestrator.domain.playbook import parse_playbook
from scoring.domain.lead_model import parse_lead_model

ROOT = Path(__file__).parents[2]
RELEASES = [Release(name, 1, contents) for name, contents in load_directory(ROOT).items()]
PLAYBOOKS = {c.key: c for release in RELEASES for c in release.all("playbook")}.values()
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
        purpose="marketing",
        expires_at=NOW,
        cart=CART,
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
    return render(read_templates(playbook.files), delivery, recipient, rules, LINKS)


def every_mail() -> Iterator[tuple[str, str, Rendered]]:
    """All templates of all playbooks in all their languages, to somebody with and without a name."""
    for playbook in PLAYBOOKS:
        for key, by_locale in read_templates(playbook.files).by_message.items():
            for locale in by_locale:
                for name in ("Zoë <b>", None):
                    where = f"{playbook.name}/{'.'.join(key)}.{locale}"
                    yield where, locale, rendered(playbook, key, locale, name)


MAILS = list(every_mail())
mails = pytest.mark.parametrize(
    ("locale", "mail"), [mail[1:] for mail in MAILS], ids=[mail[0] for mail in MAILS]
)


@mails
def test_a_mail_shows_the_products_with_quantity_and_price(locale: str, mail: Rendered) -> None:
    price = {"de": "1.234,50\xa0€", "en": "€1,234.50"}[locale]
    for content in (html.unescape(mail.html), mail.text):
        assert "Pullover <Fjord> & Söhne" in content
        assert price in content
        assert "P-300" in content
    assert "https://shop.example/p?a=1&amp;b=2" in mail.html
    assert "https://shop.example/i.jpg" in mail.html
    assert "Pullover <Fjord>" not in mail.html


@mails
def test_a_mail_has_every_way_out_and_the_imprint(locale: str, mail: Rendered) -> None:
    links = {link.get("href") for link in Page(mail.html).all("a")}

    assert {LINKS.unsubscribe, LINKS.preferences, LINKS.view, "https://shop.example/"} <= links
    for address in (LINKS.unsubscribe, LINKS.preferences, LINKS.view):
        assert address in mail.text
    assert "Fjord GmbH<br" in mail.html
    assert "Fjord GmbH\nHafen 1" in mail.text


@mails
def test_a_mail_can_be_read_by_everybody(locale: str, mail: Rendered) -> None:
    page = Page(mail.html)

    assert page.all("html")[0]["lang"] == locale
    assert all("alt" in image for image in page.all("img"))
    assert all(table.get("role") == "presentation" for table in page.all("table"))
    assert len(page.all("h1")) == 1
    assert "width=device-width" in mail.html
    assert not page.all("script")
    assert len(mail.html.encode()) < 100_000, "some mailboxes cut longer mails"
    assert "\n" not in mail.subject


@mails
def test_a_mail_addresses_by_name_only_whom_it_knows(locale: str, mail: Rendered) -> None:
    greeting = {"de": "Hallo", "en": "Hello"}[locale]
    named = mail.subject.startswith("Zoë")

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
