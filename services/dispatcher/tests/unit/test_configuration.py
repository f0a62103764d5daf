"""What a release means for sending: whose name, where to, by whose server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.configuration import Configuration, Content, Release, content_of, load_directory
from common.contracts.actions import Kind, Occurrence
from common.errors import PermanentError
from common.settings import secret_of
from common.testing.settled import Settled
from dispatcher.adapters.outlets import ConfiguredOutlets
from dispatcher.adapters.rulebook import ConfiguredRulebook, check_release, rules_of
from dispatcher.adapters.sink import SinkEmailProvider
from dispatcher.adapters.smtp import SmtpEmailProvider, SmtpTimeouts, parse_smtp_url
from dispatcher.domain.rules import Rules, Sender
from dispatcher.domain.templates import render
from dispatcher.settings import ConsumeSettings
from services.dispatcher.tests.making import FILES, LINKS, NOW, RULES, delivery, recipient

ROOT = Path(__file__).parents[4]
PLAYBOOK = content_of("playbook", "cart_abandonment", FILES)
SENDER = "senders: {email: {adapter: smtp, from: hi@shop.example, secrets: {smtp_url: SHOP_SMTP}}}"


def release(*lines: str, live: bool = True, playbook: Content = PLAYBOOK) -> Release:
    text = "\n".join(
        [
            f'sources: {{shop: {{kind: server, key_sha256: "{"0" * 64}"}}}}',
            'brand: {name: Shop, url: "https://shop.example/", imprint: Shop GmbH}',
            "locales: [de]",
            *lines,
        ]
    )
    content = content_of("workspace", "demo", {"workspace.yaml": text})
    return Release("demo", 1, (content, playbook), live=live)


@pytest.mark.parametrize(
    ("line", "live", "mode"),
    [
        ("delivery: live", True, "live"),
        ("delivery: live", False, "sink"),
        ('delivery: {redirect: "me@shop.example"}', True, "redirect"),
        ("delivery: sink", True, "sink"),
        ("", True, "sink"),
    ],
)
def test_nobody_is_mailed_by_accident(line: str, live: bool, mode: str) -> None:
    assert rules_of(release(line, live=live)).mode == mode


def test_a_redirected_mail_goes_nowhere_else() -> None:
    rules = rules_of(release('delivery: {redirect: "me@shop.example"}'))

    assert rules.destination("anna@example.com") == "me@shop.example"
    with pytest.raises(ValueError, match="redirect"):
        replace(rules, redirect_to=None).destination("anna@example.com")


def test_the_sender_is_the_shops_own() -> None:
    assert rules_of(release(SENDER)).sender == Sender("hi@shop.example", "Shop")
    assert rules_of(release()).sender == Sender("no-reply@shop.example", "Shop")


def test_a_release_with_a_broken_template_is_refused_with_its_place() -> None:
    broken = content_of(
        "playbook", "x", {"templates/a.email.de.liquid": "---\nsubject: x\n---\n{% if %}"}
    )

    with pytest.raises(PermanentError) as raised:
        check_release(release(playbook=broken))

    assert "templates/a.email.de.liquid" in raised.value.detail


def test_an_older_version_can_still_be_written() -> None:
    book = ConfiguredRulebook(Settled(Configuration({}, {PLAYBOOK.key: PLAYBOOK})))

    assert book.rules("demo") is None
    assert book.templates("cart_abandonment", PLAYBOOK.hash) is not None
    assert book.templates("cart_abandonment", "another") is None


BEGUN = Occurrence(
    "Order Completed", NOW, {"order_id": "O-1", "starts_at": "2026-03-23T18:00:00+01:00"}
)


def test_the_shipped_playbooks_can_be_written_in_every_shipped_workspace() -> None:
    for workspace, contents in load_directory(ROOT).items():
        shipped = Release(workspace, 1, tuple(contents))
        check_release(shipped)
        rules = rules_of(shipped)
        book = ConfiguredRulebook(
            Settled(Configuration({workspace: shipped}, {c.key: c for c in contents}))
        )
        for playbook in shipped.all("playbook"):
            templates = book.templates(playbook.name, playbook.hash)
            assert templates is not None
            for (message, channel), by_locale in templates.by_message.items():
                assert set(rules.locales) <= set(by_locale)
                for locale in by_locale:
                    asked = delivery(
                        message=message, channel=channel, parameters={"discount": 10}, trigger=BEGUN
                    )
                    text = playbook.files[f"templates/{message}.{channel}.{locale}.liquid"]
                    asks = "links.confirm" in text
                    links = replace(LINKS, confirm="https://go.example/c/1") if asks else LINKS
                    who = recipient(locale=locale, first_name=None)
                    mail = render(templates, asked, who, rules, links)
                    assert mail.locale == locale
                    assert asks or LINKS.preferences in mail.html
                    assert LINKS.view in mail.text


def outlets(*, local: bool = False, url: str | None = "smtp://mail.example") -> ConfiguredOutlets:
    secrets = {"SHOP_SMTP": "smtps://own.example", "BROKEN": "http://x"}
    return ConfiguredOutlets(
        smtp_url=url,
        local=local,
        secret_of=secrets.get,
        hello="here.example",
        connections=1,
        timeouts=SmtpTimeouts(),
    )


async def test_the_sink_takes_what_may_not_go_out() -> None:
    live, sink = RULES, replace(RULES, mode="sink")

    assert isinstance(outlets().outlet(sink), SinkEmailProvider)
    assert isinstance(outlets().outlet(live), SmtpEmailProvider)


async def test_under_up_every_mail_goes_to_the_mailbox() -> None:
    own = replace(RULES, smtp_url_name="SHOP_SMTP")
    local = outlets(local=True)

    assert local.outlet(own) is local.outlet(replace(RULES, mode="sink"))


async def test_a_shop_may_have_a_server_of_its_own() -> None:
    ways = outlets()
    own: Rules = replace(RULES, smtp_url_name="SHOP_SMTP")

    assert ways.outlet(own) is ways.outlet(own)
    assert ways.outlet(own) is not ways.outlet(RULES)


@pytest.mark.parametrize("secret", ["BROKEN", "MISSING", None])
async def test_without_a_server_nothing_goes_out(secret: str | None) -> None:
    assert outlets(url=None).outlet(replace(RULES, smtp_url_name=secret)) is None


@pytest.mark.parametrize(
    ("url", "port", "tls", "starttls"),
    [
        ("smtp://h", 587, False, None),
        ("smtp://h:25?starttls=never", 25, False, False),
        ("smtp://h?starttls=always", 587, False, True),
        ("smtps://h", 465, True, False),
        ("smtp://user:pass%40word@h", 587, False, True),
    ],
)
def test_an_smtp_url_says_how_to_speak_to_the_server(
    url: str, port: int, tls: bool, starttls: bool | None
) -> None:
    server = parse_smtp_url(url)

    assert (server.host, server.port, server.tls, server.starttls) == ("h", port, tls, starttls)
    assert server.password in (None, "pass@word")


@pytest.mark.parametrize(
    "url", ["", "h", "http://h", "smtp://", "smtp://h:x", "smtp://h?starttls=x"]
)
def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(PermanentError):
        parse_smtp_url(url)


def test_a_pepper_is_needed_but_under_up() -> None:
    given: dict[str, Any] = {"KAFKA_BOOTSTRAP_SERVERS": "h:1", "DATABASE_URL": "postgresql://h/d"}

    with pytest.raises(ValueError, match="CUESTREAM_ADDRESS_PEPPER"):
        ConsumeSettings(**given)
    assert ConsumeSettings(**given, local=True).pepper
    assert ConsumeSettings(**given, address_pepper="x" * 16).pepper == b"x" * 16


def test_a_secret_may_be_a_mounted_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("smtps://h\n")

    assert secret_of(str(secret)) == "smtps://h"
    assert secret_of(str(tmp_path / "nothing")) is None
    assert secret_of("CUESTREAM_NO_SUCH_SECRET") is None


@pytest.mark.parametrize(
    ("kind", "channel", "speaks"),
    [
        ("message", "email", True),
        ("message", "sms", False),
        ("message", "ads", False),
        ("call", "webhook", False),
        ("voucher", "voucher", False),
        ("audience", "ads", False),
    ],
)
def test_mails_are_what_there_is_an_adapter_for(kind: Kind, channel: str, *, speaks: bool) -> None:
    assert outlets().speaks(kind, channel) is speaks
