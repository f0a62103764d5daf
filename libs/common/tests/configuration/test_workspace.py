"""A workspace's file: what it says, and what is wrong with it, line by line."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.configuration import (
    ConfigurationError,
    Quota,
    Release,
    Workspace,
    parse_workspace,
    workspace_of,
)
from common.errors import PermanentError
from libs.common.tests.configuration.making import KEY, OTHER_KEY, WORKSPACE, workspace

FULL = f"""\
sources:
  shop:
    kind: server
    key_sha256: [{KEY}, {OTHER_KEY}]
    limits: {{events_per_second: 10, burst: 20, max_body: 2048}}
  site:
    kind: browser
    key_sha256: {"0a" * 32}
    origins: [https://shop.example, "http://localhost:3000"]
parameters:
  cart_abandonment: {{silence: 10s, tries: 2, polite: true}}
playbooks: [cart_abandonment]
lead_model: b2b
contact_policy:
  time_zone: Europe/Vienna
  quiet_hours: {{from: 21:00, to: "08:00"}}
  caps:
    - {{channel: email, at_most: 1, per: 24h}}
senders:
  email:
    adapter: smtp
    from: hello@shop.example
    from_name: The shop
    secrets: {{username: SMTP_USER, password: /run/secrets/smtp}}
brand:
  name: Shop
  url: https://shop.example/
  logo: https://shop.example/logo.png
  colour: "#aabbcc"
  imprint: |
    Shop GmbH
    Hamburg
locales: [de, en-GB]
delivery: {{redirect: test@shop.example}}
quota: {{events_per_second: 100, burst: 200}}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse_workspace("shop", text)
    return [problem.sentence() for problem in caught.value.problems]


def test_everything_that_a_workspace_may_say_is_read() -> None:
    found = parse_workspace("shop", FULL)

    assert found.name == "shop"
    assert found.sources["shop"].key_sha256 == (KEY, OTHER_KEY)
    assert found.sources["shop"].limits.burst == 20
    assert found.quota == Quota(events_per_second=100, burst=200)
    assert found.sources["site"].origins == ("https://shop.example", "http://localhost:3000")
    assert found.parameters == {"cart_abandonment": {"silence": "10s", "tries": 2, "polite": True}}
    assert (found.playbooks, found.lead_model) == (("cart_abandonment",), "b2b")
    assert found.contact_policy.caps[0].per == timedelta(hours=24)
    assert found.senders["email"].sender == "hello@shop.example"
    assert found.brand.imprint == "Shop GmbH\nHamburg\n"
    assert found.default_locale == "de"
    assert (found.delivery.mode, found.delivery.address) == ("redirect", "test@shop.example")


def test_by_default_nobody_is_mailed() -> None:
    found = parse_workspace("shop", WORKSPACE)

    assert found.delivery.mode == "sink"
    assert found.playbooks is None
    assert found.quota is None
    assert found.contact_policy.quiet_hours is None
    assert not found.sources["shop"].local_only


@pytest.mark.parametrize(
    ("delivery", "mode", "address"),
    [
        ("live", "live", None),
        ("sink", "sink", None),
        ('"redirect: a@b.example"', "redirect", "a@b.example"),
    ],
)
def test_delivery_is_said_in_a_word(delivery: str, mode: str, address: str | None) -> None:
    found = parse_workspace("shop", f"{WORKSPACE}delivery: {delivery}\n").delivery

    assert (found.mode, found.address) == (mode, address)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            "locale: [de]\n",
            "workspaces/shop.yaml:5: locale: there is no such key; did you mean `locales`?",
        ),
        (
            "senders:\n  email:\n    adapter: smtp\n    form: a@b.example\n    from: a@b.example\n",
            "workspaces/shop.yaml:8: senders.email.form: there is no such key; did you mean `from`?",
        ),
        (
            "contact_policy:\n  caps:\n    - {channel: email, at_most: 1, pro: 1d, per: 1d}\n",
            "workspaces/shop.yaml:7: contact_policy.caps.0.pro: there is no such key; did you mean `per`?",
        ),
        (
            "contact_policy:\n  time_zone: Europe/Berlim\n",
            "workspaces/shop.yaml:6: contact_policy.time_zone: 'Europe/Berlim' is not a time zone; write it like Europe/Berlin",
        ),
        (
            "contact_policy:\n  quiet_hours: {from: 25:00, to: 8:00}\n",
            'workspaces/shop.yaml:6: contact_policy.quiet_hours.from: not a time of day; write it like "21:00"',
        ),
        (
            "contact_policy:\n  caps: [{at_most: 1, per: daily}]\n",
            "workspaces/shop.yaml:6: contact_policy.caps.0.per: `daily` is not a duration such as `30s`, `45m`, `24h` or `7d`",
        ),
        (
            "delivery: everybody\n",
            "workspaces/shop.yaml:5: delivery: Input should be 'sink', 'live' or 'redirect'",
        ),
        ("delivery: {redirect: }\n", "workspaces/shop.yaml:5: delivery: redirect needs an address"),
        ("name: other\n", "workspaces/shop.yaml:5: name: the file's name is the name"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_path(more: str, sentence: str) -> None:
    assert problems(WORKSPACE + more) == [sentence]


def test_a_repeated_key_is_a_mistake() -> None:
    assert problems(f"{WORKSPACE}locales: [de]\n") == [
        "workspaces/shop.yaml:5: locales: this key is here twice"
    ]


def test_all_mistakes_are_told_at_once() -> None:
    assert problems("sources:\n  Shop!: {kind: sever, key_sha256: abc}\nbrand: {name: ''}\n") == [
        "workspaces/shop.yaml:2: sources.Shop!: this must match ^[a-z0-9][a-z0-9_-]{0,62}$",
        "workspaces/shop.yaml:2: sources.Shop!.key_sha256: this must match ^[0-9a-f]{64}$",
        "workspaces/shop.yaml:2: sources.Shop!.kind: Input should be 'server', 'browser', 'shopify', 'woocommerce', 'shopware', 'hubspot',"
        " 'salesforce', 'stripe' or 'standard'",
        "workspaces/shop.yaml:3: brand.name: String should have at least 1 character",
        "workspaces/shop.yaml:3: brand.url: this is missing",
        "workspaces/shop.yaml:3: brand.imprint: this is missing",
        "workspaces/shop.yaml:1: locales: this is missing",
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (f"kind: server, key_sha256: {KEY}, origins: ['https://a.example']", "no origins"),
        (f"kind: browser, key_sha256: {KEY}", "needs the origins"),
        (f"kind: browser, key_sha256: {KEY}, origins: ['*']", "only a local_only key"),
        (f"kind: browser, key_sha256: {KEY}, origins: ['https://a.example/path']", "must match"),
        ("kind: server, key_sha256: []", "a server key needs key_sha256"),
        ("kind: shopify", "needs secrets"),
        (f"kind: shopify, secrets: A_SECRET, key_sha256: {KEY}", "has no key_sha256"),
        ("kind: shopify, secrets: A_SECRET, local_only: true", "neither origins nor local_only"),
        ("kind: shopify, secrets: a-secret", "must match"),
        ("kind: salesforce, secrets: A_SECRET", "its OrganizationId"),
        ("kind: shopify, secrets: A_SECRET, account: a-shop", "does not name one"),
        (f"kind: server, key_sha256: {KEY}, secrets: A_SECRET", "nothing of a webhook"),
        (f"kind: server, key_sha256: [{KEY}, {OTHER_KEY}, {KEY}]", "at most 2 are possible"),
        (f"kind: server, key_sha256: [{KEY}, {KEY}]", "two keys have the same hash"),
        (f"kind: server, key_sha256: {KEY.upper()}", "must match"),
    ],
)
def test_a_source_that_would_be_unsafe_is_refused(source: str, message: str) -> None:
    text = WORKSPACE.replace(f"kind: server, key_sha256: {KEY}", source)

    assert any(message in found for found in problems(text))


@pytest.mark.parametrize(
    "text", ["", "[]", "a: [", "a: &x [1]\nb: *x\n", "- 1", "a: !!python/none x", "a: 2026-99-99"]
)
def test_what_is_not_a_mapping_is_refused(text: str) -> None:
    assert problems(text)[0].startswith("workspaces/shop.yaml")


def test_a_secret_itself_does_not_fit_into_a_workspace() -> None:
    more = "senders:\n  email: {adapter: smtp, from: a@b.example, secrets: {password: hunter2}}\n"

    assert "senders.email.secrets.password" in problems(WORKSPACE + more)[0]


def test_the_workspace_of_a_release_is_parsed_once() -> None:
    content = workspace("shop")
    one = workspace_of(Release("shop", 1, (content,)))
    other = workspace_of(Release("shop", 2, (content,)))

    assert isinstance(one, Workspace)
    assert one is other
    with pytest.raises(PermanentError, match="no_workspace"):
        workspace_of(Release("shop", 1, ()))


@given(st.times(), st.times(), st.times())
def test_quiet_hours_and_their_opposite_share_the_day(start: time, end: time, now: time) -> None:
    if start == end:
        return
    policy = parse_workspace("shop", WORKSPACE).contact_policy
    quiet = policy.model_validate({"quiet_hours": {"from": start, "to": end}}).quiet_hours
    loud = policy.model_validate({"quiet_hours": {"from": end, "to": start}}).quiet_hours

    assert quiet is not None
    assert loud is not None
    assert quiet.covers(now) != loud.covers(now)
    assert quiet.covers(start)
    assert not quiet.covers(end)
