"""Keys in the text of a workspace's file: one thing changes, every other character stays."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from common.configuration import parse_workspace
from cuestream.commands.keys.editing import keys_of, with_keys, with_source, without_source
from cuestream.failures import UsageError

ROOT = Path(__file__).parents[3]
A, B, C = "a" * 64, "b" * 64, "c" * 64
REST = """\

# How it looks.
brand: {name: Shop, url: https://shop.example/, imprint: Shop GmbH}
locales: [de]
"""
TEXT = f"""\
sources:                      # who may send
  # The shop's server.
  shop:
    kind: server
    key_sha256: {A}    # the first one
    limits: {{burst: 10}}
  # Its pages.
  site: {{kind: browser, key_sha256: [{B}], origins: [https://shop.example]}}

  # The till.
  till:
    key_sha256:
      - {B[:-1]}0
      - {B[:-1]}1
    kind: server
  crm: {{kind: hubspot, secrets: CRM_SECRET}}
{REST}"""


def sources(text: str) -> dict[str, tuple[str, ...]]:
    return {name: s.key_sha256 for name, s in parse_workspace("shop", text).sources.items()}


@pytest.mark.parametrize("source", ["shop", "site", "till"])
@pytest.mark.parametrize("hashes", [(C,), (C, A[:-1] + "0")])
def test_keys_are_replaced_however_they_are_written(source: str, hashes: tuple[str, ...]) -> None:
    text = with_keys(TEXT, source, hashes)

    assert keys_of(text, source) == hashes
    assert sources(text) == {**sources(TEXT), source: hashes}
    assert [line for line in TEXT.splitlines() if "#" in line and A not in line] == [
        line for line in text.splitlines() if "#" in line and "the first one" not in line
    ]


def test_only_the_line_of_the_key_changes() -> None:
    assert with_keys(TEXT, "shop", (C, A)) == TEXT.replace(A, f"[{C}, {A}]")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_source_is_added_below_the_word(newline: str) -> None:
    text = with_source(TEXT.replace("\n", newline), "app", C)

    assert text.splitlines()[1:5] == [
        "  app:",
        "    kind: server",
        f"    key_sha256: {C}",
        "  # The shop's server.",
    ]
    assert text.count("\n") == TEXT.count("\n") + 3
    assert text.count("\r") == (text.count("\n") if newline == "\r\n" else 0)
    assert sources(text) == {**sources(TEXT), "app": (C,)}


def test_a_source_with_origins_is_a_browsers() -> None:
    text = with_source(TEXT, "app", C, origins=["https://a.example", "http://localhost:3000"])
    added = parse_workspace("shop", text).sources["app"]

    assert (added.kind, added.origins) == (
        "browser",
        ("https://a.example", "http://localhost:3000"),
    )


@pytest.mark.parametrize("source", ["shop", "site", "till", "crm"])
def test_a_source_goes_and_all_else_stays(source: str) -> None:
    text = without_source(TEXT, source)
    rest = sources(TEXT)
    del rest[source]

    assert sources(text) == rest
    assert text.endswith(REST)
    for comment in ("who may send", "The shop's server", "Its pages", "The till", "How it looks"):
        assert comment in text


def test_what_was_added_and_removed_leaves_no_trace() -> None:
    assert without_source(with_source(TEXT, "app", C), "app") == TEXT


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda: keys_of(TEXT, "shp"), "There is no source shp"),
        (lambda: with_keys(TEXT, "crm", [C]), "crm has no keys"),
        (lambda: with_source(TEXT, "site", C), "There is a source site already"),
        (lambda: with_source(f"sources: {{a: {{key_sha256: {A}}}}}\n", "b", C), "in one line"),
        (lambda: without_source(f"sources:\n  a: {{key_sha256: {A}}}\n", "a"), "the only source"),
        (lambda: keys_of("sources: {}", "a"), "no sources"),
        (lambda: keys_of("[1]", "a"), "no mapping"),
        (lambda: keys_of("a: [", "a"), "not YAML"),
    ],
)
def test_what_cannot_be_changed_is_said(change: object, words: str) -> None:
    assert callable(change)
    with pytest.raises(UsageError, match=words):
        change()


def test_an_installations_own_workspaces_can_be_changed() -> None:
    for name in ("default", "demo"):
        text = (ROOT / f"workspaces/{name}.yaml").read_text()
        changed = without_source(
            with_keys(with_source(text, "app", C), "shop", [C[:-1] + "d"]), "app"
        )

        assert yaml.safe_load(changed)["sources"]["shop"]["key_sha256"] == C[:-1] + "d"
